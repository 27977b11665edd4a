#include "supervisor/culprits.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

struct trawl_crashes {
    char *transport;
    uint64_t at_ns[TRAWL_CULPRIT_CRASHES]; /* the last ones, the newest first; 0: none */
};

void trawl_culprits_finish(struct trawl_culprits *culprits)
{
    for (unsigned i = 0; i < culprits->count; i++)
        free(culprits->transports[i].transport);
    free(culprits->transports);
    json_decref(culprits->left_out);
    *culprits = (struct trawl_culprits){0};
}

static struct trawl_crashes *find(const struct trawl_culprits *culprits, const char *transport)
{
    for (unsigned i = 0; i < culprits->count; i++) {
        if (strcmp(culprits->transports[i].transport, transport) == 0)
            return &culprits->transports[i];
    }
    return NULL;
}

static struct trawl_crashes *get(struct trawl_culprits *culprits, const char *transport)
{
    struct trawl_crashes *crashes = find(culprits, transport);

    if (crashes)
        return crashes;
    culprits->transports =
        trawl_xrealloc(culprits->transports, (culprits->count + 1) * sizeof(*culprits->transports));
    crashes = &culprits->transports[culprits->count++];
    *crashes = (struct trawl_crashes){.transport = trawl_xstrdup(transport)};
    return crashes;
}

static void leave_out(struct trawl_culprits *culprits, const char *transport, const char *how)
{
    if (!culprits->left_out)
        culprits->left_out = json_object();
    json_object_set_new(culprits->left_out, transport,
                        json_sprintf("left out: shortly after each other %d processes ended in it, "
                                     "the last of them %s",
                                     TRAWL_CULPRIT_CRASHES, how));
}

bool trawl_culprits_blame(struct trawl_culprits *culprits, const char *transport, const char *how,
                          uint64_t within_ms, uint64_t now_ns)
{
    struct trawl_crashes *crashes = get(culprits, transport);
    uint64_t oldest_ns;

    memmove(crashes->at_ns + 1, crashes->at_ns,
            (TRAWL_CULPRIT_CRASHES - 1) * sizeof(crashes->at_ns[0]));
    crashes->at_ns[0] = now_ns;
    oldest_ns = crashes->at_ns[TRAWL_CULPRIT_CRASHES - 1];
    if (oldest_ns == 0 || now_ns - oldest_ns > within_ms * UINT64_C(1000000))
        return false;
    leave_out(culprits, transport, how);
    return true;
}

bool trawl_culprits_forgive(struct trawl_culprits *culprits, const char *transport)
{
    struct trawl_crashes *crashes = find(culprits, transport);

    if (json_object_del(culprits->left_out, transport) < 0)
        return false;
    if (crashes)
        memset(crashes->at_ns, 0, sizeof(crashes->at_ns));
    return true;
}
