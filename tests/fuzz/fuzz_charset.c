/* Bytes in any encoding become UTF-8. The input is a Content-Type up to the first line feed, then the bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "extract/charset.h"
#include "extract/utf8.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    const char *line = memchr(data, '\n', size);
    TRAWL_AUTO_FREE char *type = trawl_xstrndup(bytes, line ? (size_t)(line - bytes) : 0);
    const char *encoding;
    char *text = NULL;
    size_t len;

    if (line) {
        size -= (size_t)(line + 1 - bytes);
        bytes = line + 1;
    }
    encoding = trawl_charset_detect(bytes, size, type);
    if (trawl_charset_to_utf8(bytes, size, encoding, &text, &len) < 0)
        return 0;
    if (text[len] != '\0' || len > 4 * size + 4 || !trawl__utf8_valid(text, len))
        abort();
    free(text);
    return 0;
}
