/* Comparing paths with patterns (RFC 9309 sections 2.2.2 and 2.2.3). */
#include <stdint.h>
#include <string.h>

#include "util/escape.h"
#include "worker/robots_priv.h"

/* What stands for itself in a path or query: unreserved, and of the reserved all but those that mean something here
 * (RFC 3986 section 3.3; square brackets because canonical URLs leave them). */
static bool is_plain(unsigned char c)
{
    return trawl_url_unreserved(c) || (c != '\0' && strchr("!&'()+,;=:@/?[]", c));
}

size_t trawl__robots_path(char *out, const char *path, size_t len)
{
    const char *end = path + len;
    char *at = out;

    while (path < end) {
        int escaped = trawl_percent_value(path, end);
        unsigned char c = escaped < 0 ? (unsigned char)*path : (unsigned char)escaped;

        path += escaped < 0 ? 1 : TRAWL_PERCENT_SIZE;
        if (escaped < 0 ? is_plain(c) : trawl_url_unreserved(c)) {
            *at++ = (char)c;
        } else {
            trawl_percent_write(at, c);
            at += TRAWL_PERCENT_SIZE;
        }
    }
    return (size_t)(at - out);
}

size_t trawl__robots_pattern(char *out, const char *pattern, size_t len)
{
    const char *end = pattern + len;
    bool anchored = len > 0 && end[-1] == '$';
    char *at = out;

    if (anchored)
        end--;
    for (;;) {
        const char *star = memchr(pattern, '*', (size_t)(end - pattern));
        const char *stop = star ? star : end;

        at += trawl__robots_path(at, pattern, (size_t)(stop - pattern));
        if (!star)
            break;
        *at++ = '*';
        pattern = star + 1;
    }
    if (anchored)
        *at++ = '$';
    return (size_t)(at - out);
}

/* The pieces between the stars are found one after the other, each at its first place: if the rest fits behind a later
 * place, it fits behind the first one too, so nothing is ever tried again. */
bool trawl__robots_match(const char *pattern, size_t pattern_len, const char *path, size_t path_len)
{
    bool anchored = pattern_len > 0 && pattern[pattern_len - 1] == '$';
    const char *pattern_end = pattern + pattern_len - (anchored ? 1 : 0);
    const char *path_end = path + path_len;
    const char *star = memchr(pattern, '*', (size_t)(pattern_end - pattern));
    size_t len = (size_t)((star ? star : pattern_end) - pattern);

    if (len > path_len || memcmp(pattern, path, len) != 0)
        return false;
    path += len;
    while (star) {
        const char *piece = star + 1;

        star = memchr(piece, '*', (size_t)(pattern_end - piece));
        len = (size_t)((star ? star : pattern_end) - piece);
        if (!star && anchored)
            return len <= (size_t)(path_end - path) && memcmp(piece, path_end - len, len) == 0;
        path = memmem(path, (size_t)(path_end - path), piece, len);
        if (!path)
            return false;
        path += len;
    }
    return !anchored || path == path_end;
}
