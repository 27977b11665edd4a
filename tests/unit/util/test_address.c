#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "util/address.h"
#include "util/alloc.h"

static void judge(const char *text, const char **ret_special, char *room, size_t size)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    const struct sockaddr *address;

    if (strchr(text, ':')) {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        address = (const struct sockaddr *)&in6;
    } else {
        assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
        address = (const struct sockaddr *)&in;
    }
    *ret_special = trawl_address_special(address);
    assert_ptr_equal(trawl_address_text(address, room, size), room);
}

static void check(const char *text, const char *expected)
{
    const char *special;
    char room[INET6_ADDRSTRLEN];

    judge(text, &special, room, sizeof(room));
    if ((special == NULL) != (expected == NULL) || (special && strcmp(special, expected) != 0))
        fail_msg("%s: %s, expected %s", text, special ? special : "public",
                 expected ? expected : "public");
    assert_string_equal(room, text);
}

/* The first and the last address of each block, and its neighbours. */
static void special__follows_the_registry_of_ipv4(void **state)
{
    static const struct {
        const char *text;
        const char *special;
    } table[] = {
        {"0.0.0.0", "this network"},
        {"0.255.255.255", "this network"},
        {"1.0.0.0", NULL},
        {"9.255.255.255", NULL},
        {"10.0.0.0", "private use"},
        {"10.255.255.255", "private use"},
        {"11.0.0.0", NULL},
        {"100.63.255.255", NULL},
        {"100.64.0.0", "shared with a carrier's NAT"},
        {"100.127.255.255", "shared with a carrier's NAT"},
        {"100.128.0.0", NULL},
        {"126.255.255.255", NULL},
        {"127.0.0.1", "loopback"},
        {"127.255.255.255", "loopback"},
        {"128.0.0.0", NULL},
        {"169.253.255.255", NULL},
        {"169.254.169.254", "link-local"},
        {"169.255.0.0", NULL},
        {"172.15.255.255", NULL},
        {"172.16.0.0", "private use"},
        {"172.31.255.255", "private use"},
        {"172.32.0.0", NULL},
        {"192.0.0.0", "protocol assignments"},
        {"192.0.0.8", "protocol assignments"},
        {"192.0.0.9", NULL},
        {"192.0.0.10", NULL},
        {"192.0.0.170", "protocol assignments"},
        {"192.0.1.0", NULL},
        {"192.0.2.1", "documentation"},
        {"192.31.196.1", NULL},
        {"192.52.193.1", NULL},
        {"192.88.99.1", "6to4 relay"},
        {"192.167.255.255", NULL},
        {"192.168.0.0", "private use"},
        {"192.168.255.255", "private use"},
        {"192.169.0.0", NULL},
        {"192.175.48.1", NULL},
        {"198.17.255.255", NULL},
        {"198.18.0.0", "benchmarking"},
        {"198.19.255.255", "benchmarking"},
        {"198.20.0.0", NULL},
        {"198.51.100.7", "documentation"},
        {"203.0.113.7", "documentation"},
        {"223.255.255.255", NULL},
        {"224.0.0.1", "multicast"},
        {"239.255.255.255", "multicast"},
        {"240.0.0.0", "reserved"},
        {"255.255.255.254", "reserved"},
        {"255.255.255.255", "broadcast"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)
        check(table[i].text, table[i].special);
}

static void special__follows_the_registry_of_ipv6(void **state)
{
    static const struct {
        const char *text;
        const char *special;
    } table[] = {
        {"::", "unspecified"},
        {"::1", "loopback"},
        {"64:ff9b:1::1", "local translation"},
        {"64:ff9b:2::1", NULL},
        {"100::1", "discard only"},
        {"100:0:0:1::1", "dummy"},
        {"100:0:0:2::1", NULL},
        {"2001::1", "Teredo"},
        {"2001:1::1", NULL},
        {"2001:1::2", NULL},
        {"2001:1::3", NULL},
        {"2001:1::4", "protocol assignments"},
        {"2001:2::1", "benchmarking"},
        {"2001:2:1::1", "protocol assignments"},
        {"2001:3::1", NULL},
        {"2001:4:112::1", NULL},
        {"2001:4:113::1", "protocol assignments"},
        {"2001:20::1", NULL},
        {"2001:2f::1", NULL},
        {"2001:30::1", NULL},
        {"2001:40::1", "protocol assignments"},
        {"2001:1ff::1", "protocol assignments"},
        {"2001:200::1", NULL},
        {"2001:db8::1", "documentation"},
        {"2606:4700::1111", NULL},
        {"2620:4f:8000::1", NULL},
        {"3fff:fff::1", "documentation"},
        {"3fff:1000::1", NULL},
        {"5f00::1", "segment routing"},
        {"fbff::1", NULL},
        {"fc00::1", "unique local"},
        {"fdff::1", "unique local"},
        {"fe7f::1", NULL},
        {"fe80::1", "link-local"},
        {"febf::1", "link-local"},
        {"fec0::1", "site-local"},
        {"ff02::1", "multicast"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)
        check(table[i].text, table[i].special);
}

static void special__looks_into_addresses_that_hold_another(void **state)
{
    static const struct {
        const char *text;
        const char *special;
    } table[] = {
        {"::ffff:127.0.0.1", "loopback"},
        {"::ffff:10.1.2.3", "private use"},
        {"::ffff:8.8.8.8", NULL},
        {"::192.168.1.1", "private use"},
        {"64:ff9b::a9fe:a9fe", "link-local"},
        {"64:ff9b::808:808", NULL},
        {"::ffff:0:7f00:1", "loopback"},
        {"2002:a00:1::1", "private use"},
        {"2002:808:808::1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)
        check(table[i].text, table[i].special);
}

static void special__refuses_other_families(void **state)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    char room[INET6_ADDRSTRLEN];

    (void)state;
    assert_string_equal(trawl_address_special((struct sockaddr *)&local), "no Internet address");
    assert_string_equal(trawl_address_text((struct sockaddr *)&local, room, sizeof(room)), "?");
}

static void special_host__judges_what_needs_no_resolver(void **state)
{
    static const struct {
        const char *host;
        const char *special;
    } table[] = {
        {"127.0.0.1", "loopback"},
        {"[::1]", "loopback"},
        {"[::ffff:10.0.0.1]", "private use"},
        {"10.0.0.1", "private use"},
        {"8.8.8.8", NULL},
        {"[2606:4700::1111]", NULL},
        {"localhost", "loopback"},
        {"LocalHost.", "loopback"},
        {"a.localhost", "loopback"},
        {"notlocalhost", NULL},
        {"localhost.example.org", NULL},
        {"example.org", NULL},
        {"::1", NULL}, /* no host of a URL */
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        const char *special = trawl_address_special_host(table[i].host, strlen(table[i].host));

        if (!table[i].special)
            assert_null(special);
        else
            assert_string_equal(special, table[i].special);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special__follows_the_registry_of_ipv4),
        cmocka_unit_test(special__follows_the_registry_of_ipv6),
        cmocka_unit_test(special__looks_into_addresses_that_hold_another),
        cmocka_unit_test(special__refuses_other_families),
        cmocka_unit_test(special_host__judges_what_needs_no_resolver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
