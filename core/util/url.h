/* URLs by RFC 3986, with the practice of the WHATWG URL standard where they differ (backslashes, spaces, tabs,
 * "http:relative", numeric IPv4 addresses).
 *
 * One canonical form, so that equal pages have equal fingerprints: scheme and host in lower case, default port and
 * fragment dropped, dot segments resolved, unreserved percent-escapes decoded and all others in upper case, what may not
 * stand in a URL escaped (a lone '%' too), an empty path is "/". The query keeps its order. IDN hosts are given as they
 * come, encoded by libcurl. Canonicalising a canonical URL changes nothing.
 */
#ifndef TRAWL_UTIL_URL_H
#define TRAWL_UTIL_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "util/hash.h"

/* Longer ones are refused: nothing real needs them, and traps grow them for ever. */
#define TRAWL_URL_MAX 8192

/* Resolve `reference` against the canonical URL `base` (NULL: it must be absolute) and canonicalise. *ret_url is the
 * caller's. -EINVAL: no http(s) URL; -ENAMETOOLONG. */
int trawl_url_resolve(const char *base, const char *reference, size_t reference_len,
                      char **ret_url);

/* A base that is resolved against many times, as the links of one page are. Borrows the URL. */
struct trawl_url_base {
    const char *url;
    size_t scheme_len;    /* "https" */
    size_t authority_len; /* "https://host:port" */
    size_t folder_len;    /* through the path's last slash */
    size_t path_len;      /* through the path's end */
};
void trawl_url_base_init(struct trawl_url_base *base, const char *url);

/* The same without an allocation: the URL and its NUL go to `room` of TRAWL_URL_MAX + 1 bytes, whose content is undefined
 * on failure. Returns the URL's length or the errors of trawl_url_resolve(). */
int trawl_url_resolve_into(const struct trawl_url_base *base, const char *reference,
                           size_t reference_len, char room[TRAWL_URL_MAX + 1]);

/* "https://host:port", borrowed parts of a canonical URL. */
struct trawl_url_parts {
    const char *scheme;
    size_t scheme_len;
    const char *host; /* without user and password; an IPv6 address keeps its brackets */
    size_t host_len;
    const char *port; /* without the colon; "" with length 0 when default */
    size_t port_len;
    const char *path; /* and the query */
};
void trawl_url_split(const char *url, struct trawl_url_parts *ret_parts);

/* Host and port are equal; http and https are the same host when both have their default port. */
bool trawl_url_same_host(const char *a, const char *b);

/* The same registrable domain, told from a short list of two-part public suffixes (co.uk, com.au, …). */
bool trawl_url_same_domain(const char *a, const char *b);

/* `method` NULL or "" is GET. */
struct trawl_hash trawl_url_fingerprint(const char *method, const char *url, const void *body,
                                        size_t body_len);

#endif
