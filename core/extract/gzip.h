/* Files in gzip (RFC 1952), told by their first bytes: what a server calls them is not to be relied on. */
#ifndef TRAWL_EXTRACT_GZIP_H
#define TRAWL_EXTRACT_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

bool trawl_gzip_is(const char *bytes, size_t len);

/* Append what is in it, all members of it, to `buf`. 0; -EFBIG past the buffer's limit, which has then been emptied;
 * -EBADMSG where it is damaged or breaks off, with all that came before appended; or -ENOMEM. What follows the last member
 * is ignored, as by gzip itself. */
int trawl_gzip_unpack(const char *bytes, size_t len, struct trawl_buf *buf);

#endif
