/* A platform's "fetch" section, resolved by trawl_fetch_table of config/config.h, as the worker uses it. */
#ifndef TRAWL_WORKER_SETTINGS_H
#define TRAWL_WORKER_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "worker/frontier.h"

/* Who may have an address that is not of the public Internet. */
enum trawl_private_networks {
    TRAWL_PRIVATE_START, /* hosts that the platform's configured options name */
    TRAWL_PRIVATE_ALLOW,
    TRAWL_PRIVATE_DENY,
};

enum trawl_auth_type {
    TRAWL_AUTH_NONE,
    TRAWL_AUTH_BASIC,
    TRAWL_AUTH_DIGEST,
    TRAWL_AUTH_BEARER,
};

/* Texts are borrowed from the section. */
struct trawl_auth {
    enum trawl_auth_type type;
    const char *user;
    const char *password;
    const char *token;
};

struct trawl_settings {
    struct trawl_frontier_limits frontier;
    long timeout_ms;
    long connect_timeout_ms;
    size_t max_body;
    size_t max_item;
    unsigned max_redirects;
    bool http2;
    bool conditional;
    const char *user_agent; /* borrowed from the section */
    const json_t *headers;  /* likewise; may be NULL */
    bool cookies;
    const json_t *proxies; /* borrowed from the section; may be NULL */
    struct trawl_auth auth;
    const json_t *secret_headers; /* borrowed from the job; may be NULL */
    enum trawl_private_networks private_networks;
    /* Borrowed from the job: origins of the hosts that are named; may be NULL. */
    const json_t *starts;
};

/* `job`: the whole JOB message, whose "fetch" it reads and whose shard gets its part of it. */
void trawl_settings_read(struct trawl_settings *settings, const json_t *job);

/* True if the platform's configured options name the host of this canonical URL: a URL with the same host and port stands
 * among them. Where no port is written, http and https are the same. */
bool trawl_settings_name_host(const struct trawl_settings *settings, const char *url);

/* True if authentication and secret headers may go to this canonical URL: its host is named, and if they would go in the
 * clear, it is named so. */
bool trawl_settings_trust_host(const struct trawl_settings *settings, const char *url);

#endif
