/* UTF-8, byte by byte. */
#ifndef TRAWL_EXTRACT_UTF8_H
#define TRAWL_EXTRACT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAWL_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the character that begins at `bytes`, or 0 if none does; *ret_bad is then how many bytes are one mistake
 * (the longest prefix that could have become a character, at least 1). */
size_t trawl__utf8_char(const char *bytes, size_t len, size_t *ret_bad);

bool trawl__utf8_valid(const char *bytes, size_t len);

/* Write a code point (one that is a character) and return how many bytes it took, at most 4. */
size_t trawl__utf8_put(char *room, uint32_t code);

#endif
