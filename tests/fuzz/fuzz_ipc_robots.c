/* Any bytes as the payload of ROBOTS: refused, or read and written back byte for byte. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/robots.h"
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
    struct trawl_robots_answer answer;
    struct trawl_buf buf;

    if (trawl_robots_answer_decode(data, size, &answer) < 0)
        return 0;
    check_text(&answer.host);
    check_text(&answer.kind);
    check_text(&answer.reason);
    check_text(&answer.body);
    if (answer.state > TRAWL_ROBOTS_REFUSED)
        abort();
    trawl_buf_init(&buf, size);
    if (trawl_robots_answer_encode(&answer, &buf) < 0 || buf.len != size ||
        memcmp(buf.data, data, size) != 0)
        abort();
    trawl_buf_finish(&buf);
    return 0;
}
