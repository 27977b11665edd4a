/* What one callback of a scraper emits, gathered until the callback has ended well: then it becomes part of a page, else
 * it is dropped. Items and requests are copied into one growing block of memory.
 */
#ifndef TRAWL_WORKER_EMISSION_H
#define TRAWL_WORKER_EMISSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ipc/page.h"
#include "util/buf.h"

/* Items and requests of one page together; leaves room in a frame (TRAWL_FRAME_MAX) for what is around them. */
#define TRAWL_EMISSION_MAX (48u << 20)
/* Longest key of an item. */
#define TRAWL_KEY_MAX 2048

/* The GETs that a page asks for, each by its fingerprint, whether they are known or not. */
struct trawl_emission_links {
    bool noted;   /* they are wanted */
    bool are_all; /* there are no requests but these */
    struct trawl_hash *hashes;
    size_t count;
    size_t cap;
};

struct trawl_emission {
    struct trawl_buf
        bytes; /* all texts; the pages' strings hold offsets until trawl_emission_page() */
    struct trawl_buf scratch; /* the item being written */
    struct trawl_page_item *items;
    size_t item_count;
    size_t item_cap;
    struct trawl_page_request *requests;
    size_t request_count;
    size_t request_cap;
    struct trawl_emission_links links;
};

void trawl_emission_init(struct trawl_emission *emission, size_t max_item);
void trawl_emission_finish(struct trawl_emission *emission);

/* Empty it; keeps memory for the next page, unless it has grown large. */
void trawl_emission_clear(struct trawl_emission *emission);

/* 0, -EINVAL (no object, bad key) or -E2BIG (larger than max_item, or too much for one page). */
int trawl_emission_add_item(struct trawl_emission *emission, const char *key, const json_t *item);

/* Copies the request's texts. 0 or -E2BIG. */
int trawl_emission_add_request(struct trawl_emission *emission,
                               const struct trawl_page_request *request);

/* Note a request among the links if it is wanted: `fingerprint` of a GET one deeper than the page with nothing but a URL, or
 * NULL of any other. */
void trawl_emission_note(struct trawl_emission *emission, const struct trawl_hash *fingerprint);

/* Turn offsets into pointers, once nothing more is added. */
void trawl_emission_seal(struct trawl_emission *emission);

#endif
