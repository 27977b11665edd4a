#include "util/glob.h"

#include <stddef.h>

/* Where the last `*` stands is where it goes on after text that does not fit. */
bool trawl_glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *from = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
