#include "util/suggest.h"

#include <string.h>

/* Names are short; a longer one is no misspelling of any of them. */
#define SUGGEST_NAME_MAX     64
#define SUGGEST_DISTANCE_MAX 3

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours. Only the last three rows of the
 * matrix are kept. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][SUGGEST_NAME_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above_that = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned cost = a[i - 1] != b[j - 1];

            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *trawl_suggest(const char *name, const char *const *candidates, size_t count)
{
    size_t len = strlen(name);
    const char *best = NULL;
    unsigned limit;

    if (len == 0 || len > SUGGEST_NAME_MAX)
        return NULL;
    limit = (unsigned)(len / 3 < 1 ? 1 : len / 3);
    limit = smaller(limit, SUGGEST_DISTANCE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t candidate_len = strlen(candidates[i]);
        unsigned far;

        if (candidate_len > SUGGEST_NAME_MAX)
            continue;
        far = distance(name, len, candidates[i], candidate_len);
        /* A name that shares nothing with the candidate, such as "x" for "y", is no misspelling. */
        if (far <= limit && far < candidate_len && (!best || far < limit)) {
            best = candidates[i];
            limit = far;
        }
    }
    return best;
}
