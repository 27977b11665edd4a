/* Any bytes as the payload of ASK and VALIDATORS: refused, or read and written back byte for byte. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/validators.h"
#include "util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a text one may go on to its NUL. */
static void check_text(const struct trawl_str *text)
{
    if (text->ptr[text->len] != '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trawl_validators *validators;
    struct trawl_buf buf;
    size_t count;

    if (trawl_validators_decode(data, size, &validators, &count) < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        check_text(&validators[i].etag);
        check_text(&validators[i].last_modified);
    }
    trawl_buf_init(&buf, size);
    if (trawl_validators_encode(validators, count, &buf) < 0 || buf.len != size ||
        memcmp(buf.data, data, size) != 0)
        abort();
    trawl_buf_finish(&buf);
    free(validators);
    return 0;
}
