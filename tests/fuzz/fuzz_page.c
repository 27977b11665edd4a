/* Any bytes as the payload of PAGE, REQUESTS and EVENTS: refused, or read and written back byte for byte. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/page.h"
#include "journal/event.h"
#include "util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_equal(const uint8_t *data, size_t size, int r, struct trawl_buf *buf)
{
    if (r < 0 || buf->len != size || memcmp(buf->data, data, size) != 0)
        abort();
    trawl_buf_finish(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trawl_page_request *requests;
    struct trawl_event *events;
    struct trawl_page page;
    struct trawl_buf buf;
    size_t count;

    trawl_buf_init(&buf, size);
    if (trawl_page_decode(data, size, &page) == 0) {
        must_equal(data, size, trawl_page_encode(&page, &buf), &buf);
        trawl_page_finish(&page);
    }
    if (trawl_page_requests_decode(data, size, &requests, &count) == 0) {
        must_equal(data, size, trawl_page_requests_encode(requests, count, &buf), &buf);
        free(requests);
    }
    if (trawl_events_decode(data, size, &events, &count) == 0) {
        must_equal(data, size, trawl_events_encode(events, count, &buf), &buf);
        free(events);
    }
    return 0;
}
