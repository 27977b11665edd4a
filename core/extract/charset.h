/* Bytes of a page to UTF-8, in the HTML standard's order: byte order mark, Content-Type, <meta>, else windows-1252 if
 * the bytes are not UTF-8 (WHATWG HTML, "determining the character encoding"; labels by WHATWG Encoding). */
#ifndef TRAWL_EXTRACT_CHARSET_H
#define TRAWL_EXTRACT_CHARSET_H

#include <stddef.h>

/* Canonical name of the encoding ("utf-8", "windows-1252", "shift_jis", …); static. */
const char *trawl_charset_detect(const char *bytes, size_t len, const char *content_type);

/* The bytes themselves, behind their byte order mark, if they are UTF-8 already, as most pages are; else NULL. */
const char *trawl_charset_borrow(const char *bytes, size_t len, const char *encoding,
                                 size_t *ret_len);

/* *ret_text ends in a NUL and is the caller's; undecodable bytes become U+FFFD; never more than 4 * len + 4 bytes. 0 or -ENOMEM. */
int trawl_charset_to_utf8(const char *bytes, size_t len, const char *encoding, char **ret_text,
                          size_t *ret_len);

#endif
