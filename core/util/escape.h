/* What escapes in URLs, JSON and CSS are made of. */
#ifndef TRAWL_UTIL_ESCAPE_H
#define TRAWL_UTIL_ESCAPE_H

#include <stdbool.h>

#define TRAWL_PERCENT_SIZE 3 /* "%2F" */

/* The value of a hexadecimal digit of either case, or -1. */
int trawl_hex_digit(char c);

/* A character that means the same whether it is escaped or not (RFC 3986 section 2.3). */
bool trawl_url_unreserved(unsigned char c);

/* The byte that a percent-encoding at `at`, before `end`, stands for (RFC 3986 section 2.1), or -1 if there is none. */
int trawl_percent_value(const char *at, const char *end);

/* The percent-encoding of a byte, without a NUL. */
void trawl_percent_write(char out[TRAWL_PERCENT_SIZE], unsigned char byte);

#endif
