#include "util/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"

struct block {
    uint8_t prefix[16];
    uint8_t bits;
    const char *special; /* NULL: globally reachable */
};

/* The first that holds an address decides, so a block stands behind those within it. Globally reachable blocks are only
 * named where a block around them is not. */
static const struct block blocks4[] = {
    {{0}, 8, "this network"},
    {{10}, 8, "private use"},
    {{100, 64}, 10, "shared with a carrier's NAT"},
    {{127}, 8, "loopback"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private use"},
    {{192, 0, 0, 9}, 32, NULL},  /* port control protocol, anycast */
    {{192, 0, 0, 10}, 32, NULL}, /* TURN, anycast */
    {{192, 0, 0}, 24, "protocol assignments"},
    {{192, 0, 2}, 24, "documentation"},
    {{192, 88, 99}, 24, "6to4 relay"},
    {{192, 168}, 16, "private use"},
    {{198, 18}, 15, "benchmarking"},
    {{198, 51, 100}, 24, "documentation"},
    {{203, 0, 113}, 24, "documentation"},
    {{224}, 4, "multicast"},
    {{255, 255, 255, 255}, 32, "broadcast"},
    {{240}, 4, "reserved"},
};

static const struct block blocks6[] = {
    {{0}, 128, "unspecified"},
    {{[15] = 1}, 128, "loopback"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local translation"},
    {{0x01}, 64, "discard only"},
    {{0x01, [7] = 0x01}, 64, "dummy"},
    {{0x20, 0x01, 0x00, 0x00}, 32, "Teredo"},
    {{0x20, 0x01, 0x00, 0x01, [15] = 0x01}, 128, NULL}, /* port control protocol, anycast */
    {{0x20, 0x01, 0x00, 0x01, [15] = 0x02}, 128, NULL}, /* TURN, anycast */
    {{0x20, 0x01, 0x00, 0x01, [15] = 0x03}, 128, NULL}, /* DNS-SD service registration, anycast */
    {{0x20, 0x01, 0x00, 0x02, 0x00, 0x00}, 48, "benchmarking"},
    {{0x20, 0x01, 0x00, 0x03}, 32, NULL},             /* AMT */
    {{0x20, 0x01, 0x00, 0x04, 0x01, 0x12}, 48, NULL}, /* AS112 */
    {{0x20, 0x01, 0x00, 0x20}, 28, NULL},             /* ORCHIDv2 */
    {{0x20, 0x01, 0x00, 0x30}, 28, NULL},             /* drone remote identification */
    {{0x20, 0x01, 0x00, 0x00}, 23, "protocol assignments"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
    {{0x3f, 0xff}, 20, "documentation"},
    {{0x5f, 0x00}, 16, "segment routing"},
    {{0xfc}, 7, "unique local"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"},
    {{0xff}, 8, "multicast"},
};

/* IPv6 addresses that stand for the IPv4 address at `at` within them. */
static const struct {
    struct block block;
    uint8_t at;
} embedding[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96, NULL}, 12}, /* IPv4-mapped */
    {{{0}, 96, NULL}, 12},                        /* IPv4-compatible */
    {{{0x00, 0x64, 0xff, 0x9b}, 96, NULL}, 12},   /* translated (NAT64) */
    {{{[8] = 0xff, [9] = 0xff}, 96, NULL}, 12},   /* translated (SIIT) */
    {{{0x20, 0x02}, 16, NULL}, 2},                /* 6to4 */
};

static bool holds(const struct block *block, const uint8_t *address)
{
    size_t whole = block->bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> block->bits % 8);

    if (memcmp(block->prefix, address, whole) != 0)
        return false;
    return block->bits % 8 == 0 || (address[whole] & mask) == (block->prefix[whole] & mask);
}

static const struct block *find(const struct block *blocks, size_t count, const uint8_t *address)
{
    for (size_t i = 0; i < count; i++) {
        if (holds(&blocks[i], address))
            return &blocks[i];
    }
    return NULL;
}

static const char *special4(const uint8_t address[4])
{
    const struct block *block = find(blocks4, TRAWL_ARRAY_SIZE(blocks4), address);

    return block ? block->special : NULL;
}

static const char *special6(const uint8_t address[16])
{
    const struct block *block = find(blocks6, TRAWL_ARRAY_SIZE(blocks6), address);

    if (block)
        return block->special;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(embedding); i++) {
        if (holds(&embedding[i].block, address))
            return special4(address + embedding[i].at);
    }
    return NULL;
}

const char *trawl_address_special(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;

        return special4((const uint8_t *)&in->sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

        return special6(in6->sin6_addr.s6_addr);
    }
    return "no Internet address";
}

static bool is_loopback_name(const char *name, size_t len)
{
    static const char localhost[] = "localhost";
    size_t own = sizeof(localhost) - 1;

    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len < own || strncasecmp(name + len - own, localhost, own) != 0)
        return false;
    return len == own || name[len - own - 1] == '.';
}

const char *trawl_address_special_host(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    bool is_6 = len > 2 && host[0] == '[' && host[len - 1] == ']';

    if (is_loopback_name(host, len))
        return "loopback";
    if (is_6) {
        host++;
        len -= 2;
    }
    if (len >= sizeof(text))
        return NULL;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(is_6 ? AF_INET6 : AF_INET, text, address) != 1)
        return NULL;
    return is_6 ? special6(address) : special4(address);
}

const char *trawl_address_text(const struct sockaddr *address, char *room, size_t size)
{
    const void *bytes = NULL;

    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (bytes && inet_ntop(address->sa_family, bytes, room, (socklen_t)size))
        return room;
    return "?";
}
