#include "extract/gzip.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

/* What is unpacked at once. */
#define PIECE_BYTES (32u << 10)

/* The largest window there is, and the header of gzip before the data. */
#define GZIP_WINDOW (MAX_WBITS + 16)

bool trawl_gzip_is(const char *bytes, size_t len)
{
    return len >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

/* The one place where zlib's codes become errors: 0 is the end of a member, 1 that there is more to come. */
static int result_of(int code)
{
    switch (code) {
    case Z_STREAM_END:
        return 0;
    case Z_OK:
        return 1;
    case Z_MEM_ERROR:
        return -ENOMEM;
    default: /* Z_BUF_ERROR too: all input is there, so it breaks off */
        return -EBADMSG;
    }
}

static int unpack_member(z_stream *stream, struct trawl_buf *buf)
{
    unsigned char piece[PIECE_BYTES];
    int unpacked;
    int r;

    do {
        stream->next_out = piece;
        stream->avail_out = sizeof(piece);
        unpacked = result_of(inflate(stream, Z_NO_FLUSH));
        r = trawl_buf_append(buf, piece, sizeof(piece) - stream->avail_out);
    } while (r == 0 && unpacked == 1);
    return r < 0 ? r : unpacked;
}

int trawl_gzip_unpack(const char *bytes, size_t len, struct trawl_buf *buf)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes, .avail_in = (uInt)len};
    int r;

    if (len > UINT_MAX)
        return -EFBIG;
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return -ENOMEM;
    do {
        r = unpack_member(&stream, buf);
    } while (r == 0 && trawl_gzip_is((const char *)stream.next_in, stream.avail_in) &&
             inflateReset(&stream) == Z_OK);
    inflateEnd(&stream);
    return r;
}
