#include "util/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/alloc.h"
#include "util/escape.h"

/* What a byte means in a path or a query. Runs of PLAIN are copied as they are, which is nearly all of a real URL. */
enum byte_class {
    BYTE_PLAIN,
    BYTE_ESCAPE,  /* may not stand in a URL */
    BYTE_PERCENT, /* begins an escape, or stands alone */
    BYTE_SLASH,   /* ends a segment; a backslash too, as browsers have it */
    BYTE_QUERY,
    BYTE_FRAGMENT,
};

#define COMMON_CLASSES                                                                             \
    [0 ... 0x20] = BYTE_ESCAPE, ['"'] = BYTE_ESCAPE, ['<'] = BYTE_ESCAPE, ['>'] = BYTE_ESCAPE,     \
           ['^'] = BYTE_ESCAPE, ['`'] = BYTE_ESCAPE, ['{'] = BYTE_ESCAPE, ['|'] = BYTE_ESCAPE,     \
           ['}'] = BYTE_ESCAPE,                                                                    \
           [0x7f ... 0xff] = BYTE_ESCAPE, ['%'] = BYTE_PERCENT, ['#'] = BYTE_FRAGMENT

static const uint8_t path_classes[256] = {
    COMMON_CLASSES,
    ['/'] = BYTE_SLASH,
    ['\\'] = BYTE_SLASH,
    ['?'] = BYTE_QUERY,
};

static const uint8_t query_classes[256] = {
    COMMON_CLASSES,
    ['\\'] = BYTE_ESCAPE,
};

/* The URL under construction. `full` is looked at once, at the end: writes past the room are dropped. */
struct writer {
    char *data;
    size_t len;
    bool full;
};

static void put(struct writer *out, const char *bytes, size_t len)
{
    if (len > TRAWL_URL_MAX - out->len) {
        out->full = true;
        return;
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
}

static void put_char(struct writer *out, char c)
{
    put(out, &c, 1);
}

static void put_escaped(struct writer *out, unsigned char c)
{
    char escape[TRAWL_PERCENT_SIZE];

    trawl_percent_write(escape, c);
    put(out, escape, sizeof(escape));
}

static bool is_alpha(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Write the byte or escape at `at` that is not plain; returns what follows it. */
static const char *put_special(struct writer *out, const char *at, const char *end)
{
    int value = trawl_percent_value(at, end);

    if (value < 0) {
        put_escaped(out, (unsigned char)*at);
        return at + 1;
    }
    if (trawl_url_unreserved((unsigned char)value))
        put_char(out, (char)value);
    else
        put_escaped(out, (unsigned char)value);
    return at + 3;
}

/* Write up to the first byte that ends a part (SLASH and above); returns its place. */
static const char *put_part(struct writer *out, const char *at, const char *end,
                            const uint8_t classes[256])
{
    while (at < end) {
        const char *run = at;
        uint8_t class = BYTE_PLAIN;

        while (at < end && (class = classes[(unsigned char)*at]) == BYTE_PLAIN)
            at++;
        put(out, run, (size_t)(at - run));
        if (at == end || class >= BYTE_SLASH)
            return at;
        at = put_special(out, at, end);
    }
    return at;
}

/* Write a path whose folder (from `root`, through a slash) already stands in `out`, resolving its dot segments. Stops at
 * the query, the fragment or the end. */
static const char *put_path(struct writer *out, size_t root, const char *at, const char *end)
{
    for (;;) {
        size_t start = out->len;
        bool slash;

        at = put_part(out, at, end, path_classes);
        slash = at < end && is_slash(*at);
        if (out->full)
            return at;
        if (out->len == start + 1 && out->data[start] == '.') {
            out->len = start;
        } else if (out->len == start + 2 && memcmp(out->data + start, "..", 2) == 0) {
            out->len = start;
            if (start - 1 > root) {
                out->len--;
                while (out->data[out->len - 1] != '/')
                    out->len--;
            }
        } else if (slash) {
            put_char(out, '/');
        }
        if (!slash)
            return at;
        at++;
    }
}

static void put_query(struct writer *out, const char *at, const char *end)
{
    if (at == end || *at != '?')
        return;
    put_char(out, '?');
    put_part(out, at + 1, end, query_classes);
}

/* --- authority ------------------------------------------------------------------------------------ */

/* Bytes that no host may hold (WHATWG URL, "forbidden domain code point"). */
static bool is_forbidden_in_host(unsigned char c)
{
    return c <= 0x20 || c == 0x7f || strchr("#/:<>?@[\\]^|%", c) != NULL;
}

static int put_ipv6(struct writer *out, const char *at, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (len < 2 || len - 2 >= sizeof(text) || at[len - 1] != ']')
        return -EINVAL;
    memcpy(text, at + 1, len - 2);
    text[len - 2] = '\0';
    if (strlen(text) != len - 2 || inet_pton(AF_INET6, text, &address) != 1 ||
        !inet_ntop(AF_INET6, &address, text, sizeof(text)))
        return -EINVAL;
    put_char(out, '[');
    put(out, text, strlen(text));
    put_char(out, ']');
    return 0;
}

/* A host whose last label is a number is an IPv4 address in one of its spellings (127.1, 0x7f000001), or nothing. */
static bool ends_in_number(const char *host, size_t len)
{
    size_t start;

    if (len > 0 && host[len - 1] == '.')
        len--;
    for (start = len; start > 0 && host[start - 1] != '.'; start--)
        ;
    if (start == len)
        return false;
    if (len - start >= 2 && host[start] == '0' && host[start + 1] == 'x')
        return strspn(host + start + 2, "0123456789abcdef") >= len - start - 2;
    return strspn(host + start, "0123456789") >= len - start;
}

static int normalise_ipv4(struct writer *out, size_t start)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    size_t len = out->len - start;

    if (len > 0 && out->data[out->len - 1] == '.')
        out->len--;
    out->data[out->len] = '\0';
    if (inet_aton(out->data + start, &address) == 0 ||
        !inet_ntop(AF_INET, &address, text, sizeof(text)))
        return -EINVAL;
    out->len = start;
    put(out, text, strlen(text));
    return 0;
}

static int put_host(struct writer *out, const char *at, size_t len)
{
    const char *end = at + len;
    size_t start = out->len;

    if (len == 0)
        return -EINVAL;
    if (*at == '[')
        return put_ipv6(out, at, len);
    while (at < end) {
        int value = trawl_percent_value(at, end);
        unsigned char c = value >= 0 ? (unsigned char)value : (unsigned char)*at;

        if (is_forbidden_in_host(c))
            return -EINVAL;
        put_char(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : (char)c);
        at += value >= 0 ? 3 : 1;
    }
    if (out->full)
        return -ENAMETOOLONG;
    out->data[out->len] = '\0';
    if (ends_in_number(out->data + start, out->len - start))
        return normalise_ipv4(out, start);
    return 0;
}

static int put_port(struct writer *out, const char *at, const char *end, bool secure)
{
    unsigned long port = 0;
    char text[8];
    size_t len = sizeof(text);

    if (at == end)
        return 0;
    for (; at < end; at++) {
        if (!is_digit((unsigned char)*at))
            return -EINVAL;
        port = port * 10 + (unsigned long)(*at - '0');
        if (port > 65535)
            return -EINVAL;
    }
    if (port == (secure ? 443 : 80))
        return 0;
    do {
        text[--len] = (char)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    put_char(out, ':');
    put(out, text + len, sizeof(text) - len);
    return 0;
}

static void put_user(struct writer *out, const char *at, const char *end)
{
    if (at == end)
        return;
    while (at < end) {
        if (trawl_url_unreserved((unsigned char)*at) || (*at && strchr("!$&'()*+,;=:", *at))) {
            put_char(out, *at++);
            continue;
        }
        at = put_special(out, at, end);
    }
    put_char(out, '@');
}

/* "user@host:port" up to the path; returns 0 and where the path begins. */
static int put_authority(struct writer *out, const char *at, const char *end, bool secure,
                         const char **ret_path)
{
    const char *stop = at;
    const char *host = at;
    const char *port;
    int r;

    while (stop < end && !is_slash(*stop) && *stop != '?' && *stop != '#')
        stop++;
    for (const char *p = at; p < stop; p++) {
        if (*p == '@')
            host = p + 1;
    }
    if (host > at)
        put_user(out, at, host - 1);
    for (port = host; port < stop && (*port != ':' || *host == '['); port++) {
        if (*host == '[' && *port == ']') {
            port++;
            break;
        }
    }
    if (port < stop && *port != ':')
        return -EINVAL;
    r = put_host(out, host, (size_t)(port - host));
    if (r < 0)
        return r;
    *ret_path = stop;
    return port < stop ? put_port(out, port + 1, stop, secure) : 0;
}

/* --- resolving ------------------------------------------------------------------------------------ */

/* Length of the scheme with its colon at the beginning of a reference, 0 if it has none. */
static size_t scheme_length(const char *at, const char *end)
{
    const char *p = at;

    if (p == end || !is_alpha((unsigned char)*p))
        return 0;
    while (p < end && (is_alpha((unsigned char)*p) || is_digit((unsigned char)*p) || *p == '+' ||
                       *p == '-' || *p == '.'))
        p++;
    return p < end && *p == ':' ? (size_t)(p - at) + 1 : 0;
}

static bool equals_nocase(const char *at, size_t len, const char *lower)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)at[i] | 0x20) != (unsigned char)lower[i])
            return false;
    }
    return lower[len] == '\0';
}

static int resolve_relative(const struct trawl_url_base *base, const char *at, const char *end,
                            struct writer *out)
{
    if (at == end || *at == '#') {
        put(out, base->url, strlen(base->url));
    } else if (*at == '?') {
        put(out, base->url, base->path_len);
        put_query(out, at, end);
    } else if (is_slash(*at)) {
        put(out, base->url, base->authority_len);
        put_char(out, '/');
        put_query(out, put_path(out, base->authority_len, at + 1, end), end);
    } else {
        put(out, base->url, base->folder_len);
        put_query(out, put_path(out, base->authority_len, at, end), end);
    }
    return 0;
}

static int resolve_authority(const char *scheme, const char *at, const char *end,
                             struct writer *out)
{
    size_t root;
    int r;

    put(out, scheme, strlen(scheme));
    put(out, "://", 3);
    r = put_authority(out, at, end, scheme[4] == 's', &at);
    if (r < 0)
        return r;
    root = out->len;
    put_char(out, '/');
    if (at < end && is_slash(*at))
        at++;
    put_query(out, put_path(out, root, at, end), end);
    return 0;
}

static int resolve(const struct trawl_url_base *base, const char *at, const char *end,
                   struct writer *out)
{
    size_t len = scheme_length(at, end);
    const char *scheme = NULL;

    if (len > 0) {
        if (equals_nocase(at, len - 1, "https"))
            scheme = "https";
        else if (equals_nocase(at, len - 1, "http"))
            scheme = "http";
        else
            return -EINVAL;
        at += len;
    } else if (base) {
        scheme = base->scheme_len == 5 ? "https" : "http";
    } else {
        return -EINVAL;
    }
    if (end - at >= 2 && is_slash(at[0]) && is_slash(at[1]))
        return resolve_authority(scheme, at + 2, end, out);
    /* "http:g" is relative when the base has that scheme, as RFC 3986 allows and browsers do. */
    if (!base || strlen(scheme) != base->scheme_len)
        return -EINVAL;
    return resolve_relative(base, at, end, out);
}

/* Tabs and line ends vanish wherever they stand (WHATWG URL): authors break long attributes. */
static size_t without_breaks(const char *reference, size_t len, char *room)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        if (reference[i] != '\t' && reference[i] != '\n' && reference[i] != '\r')
            room[kept++] = reference[i];
    }
    return kept;
}

static bool has_breaks(const char *reference, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)reference[i] < 0x20 &&
            (reference[i] == '\t' || reference[i] == '\n' || reference[i] == '\r'))
            return true;
    }
    return false;
}

int trawl_url_resolve_into(const struct trawl_url_base *base, const char *reference,
                           size_t reference_len, char room[TRAWL_URL_MAX + 1])
{
    struct writer out = {.data = room};
    char clean[TRAWL_URL_MAX];
    int r;

    while (reference_len > 0 && (unsigned char)*reference <= 0x20) {
        reference++;
        reference_len--;
    }
    while (reference_len > 0 && (unsigned char)reference[reference_len - 1] <= 0x20)
        reference_len--;
    if (reference_len > TRAWL_URL_MAX)
        return -ENAMETOOLONG;
    if (has_breaks(reference, reference_len)) {
        reference_len = without_breaks(reference, reference_len, clean);
        reference = clean;
    }
    r = resolve(base, reference, reference + reference_len, &out);
    if (r < 0)
        return r;
    if (out.full)
        return -ENAMETOOLONG;
    room[out.len] = '\0';
    return (int)out.len;
}

int trawl_url_resolve(const char *base, const char *reference, size_t reference_len, char **ret_url)
{
    struct trawl_url_base parsed;
    char room[TRAWL_URL_MAX + 1];
    int r;

    if (base)
        trawl_url_base_init(&parsed, base);
    r = trawl_url_resolve_into(base ? &parsed : NULL, reference, reference_len, room);
    if (r < 0)
        return r;
    *ret_url = trawl_xstrndup(room, (size_t)r);
    return 0;
}
