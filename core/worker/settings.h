/* A platform's "fetch" section, resolved by trawl_fetch_table of config/config.h, as the worker uses it. */
#ifndef TRAWL_WORKER_SETTINGS_H
#define TRAWL_WORKER_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "worker/frontier.h"

struct trawl_settings {
    struct trawl_frontier_limits frontier;
    long timeout_ms;
    long connect_timeout_ms;
    size_t max_body;
    size_t max_item;
    unsigned max_redirects;
    bool http2;
    const char *user_agent; /* borrowed from the section */
    const json_t *headers;  /* likewise; may be NULL */
};

/* `job`: the whole JOB message, whose "fetch" it reads and whose shard gets its part of it. */
void trawl_settings_read(struct trawl_settings *settings, const json_t *job);

#endif
