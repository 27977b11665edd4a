#include "worker/known.h"

#include "util/alloc.h"

#define KNOWN_FIRST 1024

void trawl_known_finish(struct trawl_known *known)
{
    free(known->entries);
    *known = (struct trawl_known){0};
}

/* The entry of that fingerprint, or the free place where it belongs. */
static struct trawl_known_entry *probe(const struct trawl_known *known,
                                       struct trawl_hash fingerprint)
{
    size_t mask = known->cap - 1;
    size_t at = (size_t)fingerprint.lo & mask;

    while (known->entries[at].state != TRAWL_KNOWN_FREE &&
           !trawl_hash_equal(known->entries[at].fingerprint, fingerprint))
        at = (at + 1) & mask;
    return &known->entries[at];
}

static void grow(struct trawl_known *known)
{
    struct trawl_known old = *known;

    known->cap = old.cap ? old.cap * 2 : KNOWN_FIRST;
    known->entries = trawl_xalloc(known->cap * sizeof(*known->entries));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.entries[i].state != TRAWL_KNOWN_FREE)
            *probe(known, old.entries[i].fingerprint) = old.entries[i];
    }
    free(old.entries);
}

struct trawl_known_entry *trawl_known_find(const struct trawl_known *known,
                                           struct trawl_hash fingerprint)
{
    struct trawl_known_entry *entry;

    if (known->cap == 0)
        return NULL;
    entry = probe(known, fingerprint);
    return entry->state == TRAWL_KNOWN_FREE ? NULL : entry;
}

struct trawl_known_entry *trawl_known_add(struct trawl_known *known, struct trawl_hash fingerprint)
{
    struct trawl_known_entry *entry = trawl_known_find(known, fingerprint);

    if (entry)
        return entry;
    if ((known->count + 1) * 4 > known->cap * 3)
        grow(known);
    entry = probe(known, fingerprint);
    entry->fingerprint = fingerprint;
    known->count++;
    return entry;
}
