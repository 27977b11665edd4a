/* Transports that crash the process they run in, or hang in it. One that does so three times, shortly after each other, is left out
 * from then on, so that the others go on; a command lets it be tried again.
 */
#ifndef TRAWL_SUPERVISOR_CULPRITS_H
#define TRAWL_SUPERVISOR_CULPRITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TRAWL_CULPRIT_CRASHES 3
/* How long three crashes may take; to those that hang the time is added for which three of them do. */
#define TRAWL_CULPRIT_WITHIN_MS UINT64_C(60000)

/* Names are those of the configuration, so there are few. Initialise with {0}. */
struct trawl_culprits {
    struct trawl_crashes *transports;
    unsigned count;
    json_t *left_out; /* {transport: reason}, or NULL: none is */
};

void trawl_culprits_finish(struct trawl_culprits *culprits);

/* It was in this transport that a process ended, `how` (a phrase). True if it is left out from now on, as it is the third one within
 * `within_ms`. */
bool trawl_culprits_blame(struct trawl_culprits *culprits, const char *transport, const char *how,
                          uint64_t within_ms, uint64_t now_ns);

/* As if it had never crashed; false if it is not left out. */
bool trawl_culprits_forgive(struct trawl_culprits *culprits, const char *transport);

#endif
