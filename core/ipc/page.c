#include "ipc/page.h"

#include <errno.h>
#include <stdlib.h>

#include "util/alloc.h"

/* Bytes of what has a fixed size, and so the least that an element takes: what bounds a count that was read
 * before memory is taken for it. An empty string takes five bytes. */
#define STR_BYTES     5u
#define PAGE_BYTES    (8u + 4u + 1u + 1u + 16u + 1u + 8u + 1u + 1u + 2u + 2u + 8u + 4u + 16u + 4u + 4u)
#define ITEM_BYTES    (16u + 2u * STR_BYTES)
#define REQUEST_BYTES (16u + 1u + 1u + 2u + 1u + 1u + 8u + 4u + 6u * STR_BYTES)

static size_t item_size(const struct trawl_page_item *item)
{
    return ITEM_BYTES + item->key.len + item->json.len;
}

static uint8_t *item_put(uint8_t *at, const struct trawl_page_item *item)
{
    at = trawl_wire_raw_str(at, item->key);
    at = trawl_wire_raw_hash(at, item->hash);
    return trawl_wire_raw_str(at, item->json);
}

static void item_get(struct trawl_wire *wire, struct trawl_page_item *item)
{
    item->key = trawl_wire_get_str(wire);
    item->hash = trawl_wire_get_hash(wire);
    item->json = trawl_wire_get_str(wire);
}

static size_t request_size(const struct trawl_page_request *request)
{
    return REQUEST_BYTES + request->url.len + request->method.len + request->headers.len +
           request->body.len + request->meta.len + request->chain.len;
}

static uint8_t *request_put(uint8_t *at, const struct trawl_page_request *request)
{
    at = trawl_wire_raw_hash(at, request->fingerprint);
    at = trawl_wire_raw_u8(at, request->state);
    at = trawl_wire_raw_u8(at, request->counted);
    at = trawl_wire_raw_u16(at, request->depth);
    at = trawl_wire_raw_u8(at, request->redirects);
    at = trawl_wire_raw_u8(at, request->attempts);
    at = trawl_wire_raw_u64(at, (uint64_t)request->not_before_ms);
    at = trawl_wire_raw_u32(at, (uint32_t)request->priority);
    at = trawl_wire_raw_str(at, request->url);
    at = trawl_wire_raw_str(at, request->method);
    at = trawl_wire_raw_str(at, request->headers);
    at = trawl_wire_raw_str(at, request->body);
    at = trawl_wire_raw_str(at, request->meta);
    return trawl_wire_raw_str(at, request->chain);
}

/* Only 0 and 1 are written. */
static bool bool_get(struct trawl_wire *wire)
{
    uint8_t value = trawl_wire_get_u8(wire);

    if (value > 1)
        wire->failed = true;
    return value != 0;
}

static void request_get(struct trawl_wire *wire, struct trawl_page_request *request)
{
    request->fingerprint = trawl_wire_get_hash(wire);
    request->state = trawl_wire_get_u8(wire);
    request->counted = bool_get(wire);
    request->depth = trawl_wire_get_u16(wire);
    request->redirects = trawl_wire_get_u8(wire);
    request->attempts = trawl_wire_get_u8(wire);
    request->not_before_ms = (int64_t)trawl_wire_get_u64(wire);
    request->priority = (int32_t)trawl_wire_get_u32(wire);
    request->url = trawl_wire_get_str(wire);
    request->method = trawl_wire_get_str(wire);
    request->headers = trawl_wire_get_str(wire);
    request->body = trawl_wire_get_str(wire);
    request->meta = trawl_wire_get_str(wire);
    request->chain = trawl_wire_get_str(wire);
    if (request->state > TRAWL_REQUEST_DONE || request->chain.len % sizeof(struct trawl_hash) != 0)
        wire->failed = true;
}

/* A count whose elements can all be there, given what is left to read; else the reader fails. */
static size_t count_get(struct trawl_wire *wire, size_t element_bytes, size_t max)
{
    size_t count = trawl_wire_get_u32(wire);

    if (count > max || count > trawl_wire_left(wire) / element_bytes) {
        wire->failed = true;
        return 0;
    }
    return count;
}

static size_t page_size(const struct trawl_page *page)
{
    size_t size = PAGE_BYTES + TRAWL_WIRE_STR_BYTES(page->url) +
                  TRAWL_WIRE_STR_BYTES(page->error_kind) + TRAWL_WIRE_STR_BYTES(page->error) +
                  TRAWL_WIRE_STR_BYTES(page->etag) + TRAWL_WIRE_STR_BYTES(page->last_modified) +
                  TRAWL_WIRE_STR_BYTES(page->links);

    for (size_t i = 0; i < page->item_count; i++)
        size += item_size(&page->items[i]);
    for (size_t i = 0; i < page->request_count; i++)
        size += request_size(&page->requests[i]);
    return size;
}

static uint8_t *page_put_head(uint8_t *at, const struct trawl_page *page)
{
    at = trawl_wire_raw_u64(at, page->serial);
    at = trawl_wire_raw_u32(at, page->lease);
    at = trawl_wire_raw_u8(at, page->kind);
    at = trawl_wire_raw_u8(at, page->remembers);
    at = trawl_wire_raw_hash(at, page->fingerprint);
    at = trawl_wire_raw_u8(at, page->attempts);
    at = trawl_wire_raw_u64(at, (uint64_t)page->not_before_ms);
    at = trawl_wire_raw_u8(at, page->outcome);
    at = trawl_wire_raw_u8(at, page->counts);
    at = trawl_wire_raw_u16(at, page->status);
    at = trawl_wire_raw_u16(at, page->depth);
    at = trawl_wire_raw_u64(at, page->bytes);
    at = trawl_wire_raw_u32(at, page->elapsed_ms);
    at = trawl_wire_raw_str(at, page->url);
    at = trawl_wire_raw_str(at, page->error_kind);
    at = trawl_wire_raw_str(at, page->error);
    at = trawl_wire_raw_hash(at, page->scope);
    at = trawl_wire_raw_str(at, page->etag);
    at = trawl_wire_raw_str(at, page->last_modified);
    return trawl_wire_raw_str(at, page->links);
}

/* Room for `size` bytes; what a u32 cannot count is too big whatever the buffer's limit. */
static int reserve(struct trawl_buf *buf, size_t size, uint8_t **ret_at)
{
    char *room;
    int r;

    if (size > UINT32_MAX) {
        trawl_buf_finish(buf);
        return -EFBIG;
    }
    r = trawl_buf_reserve(buf, size, &room);
    if (r < 0)
        return r;
    *ret_at = (uint8_t *)room;
    return 0;
}

int trawl_page_encode(const struct trawl_page *page, struct trawl_buf *buf)
{
    size_t size = page_size(page);
    uint8_t *at;
    int r;

    r = reserve(buf, size, &at);
    if (r < 0)
        return r;
    at = page_put_head(at, page);
    at = trawl_wire_raw_u32(at, (uint32_t)page->item_count);
    for (size_t i = 0; i < page->item_count; i++)
        at = item_put(at, &page->items[i]);
    at = trawl_wire_raw_u32(at, (uint32_t)page->request_count);
    for (size_t i = 0; i < page->request_count; i++)
        at = request_put(at, &page->requests[i]);
    trawl_buf_grew(buf, size);
    return 0;
}

static void page_get_head(struct trawl_wire *wire, struct trawl_page *page)
{
    page->serial = trawl_wire_get_u64(wire);
    page->lease = trawl_wire_get_u32(wire);
    page->kind = trawl_wire_get_u8(wire);
    page->remembers = bool_get(wire);
    page->fingerprint = trawl_wire_get_hash(wire);
    page->attempts = trawl_wire_get_u8(wire);
    page->not_before_ms = (int64_t)trawl_wire_get_u64(wire);
    page->outcome = trawl_wire_get_u8(wire);
    page->counts = bool_get(wire);
    page->status = trawl_wire_get_u16(wire);
    page->depth = trawl_wire_get_u16(wire);
    page->bytes = trawl_wire_get_u64(wire);
    page->elapsed_ms = trawl_wire_get_u32(wire);
    page->url = trawl_wire_get_str(wire);
    page->error_kind = trawl_wire_get_str(wire);
    page->error = trawl_wire_get_str(wire);
    page->scope = trawl_wire_get_hash(wire);
    page->etag = trawl_wire_get_str(wire);
    page->last_modified = trawl_wire_get_str(wire);
    page->links = trawl_wire_get_str(wire);
    if (page->kind > TRAWL_PAGE_RETRY || page->outcome > TRAWL_OUTCOME_NOT_MODIFIED ||
        page->links.len % sizeof(struct trawl_hash) != 0)
        wire->failed = true;
}

static void requests_get(struct trawl_wire *wire, size_t max,
                         struct trawl_page_request **ret_requests, size_t *ret_count)
{
    size_t count = count_get(wire, REQUEST_BYTES, max);

    *ret_requests = trawl_xalloc(count * sizeof(**ret_requests));
    *ret_count = count;
    for (size_t i = 0; i < count; i++)
        request_get(wire, &(*ret_requests)[i]);
}

int trawl_page_decode(const void *payload, size_t len, struct trawl_page *ret_page)
{
    struct trawl_page page = {0};
    struct trawl_wire wire;
    int r;

    trawl_wire_init(&wire, payload, len);
    page_get_head(&wire, &page);
    page.item_count = count_get(&wire, ITEM_BYTES, TRAWL_PAGE_ITEMS_MAX);
    page.items = trawl_xalloc(page.item_count * sizeof(*page.items));
    for (size_t i = 0; i < page.item_count; i++)
        item_get(&wire, &page.items[i]);
    requests_get(&wire, TRAWL_PAGE_REQUESTS_MAX, &page.requests, &page.request_count);
    r = trawl_wire_end(&wire);
    if (r < 0) {
        trawl_page_finish(&page);
        return r;
    }
    *ret_page = page;
    return 0;
}

void trawl_page_finish(struct trawl_page *page)
{
    free(page->items);
    free(page->requests);
    page->items = NULL;
    page->item_count = 0;
    page->requests = NULL;
    page->request_count = 0;
}

int trawl_page_requests_encode(const struct trawl_page_request *requests, size_t count,
                               struct trawl_buf *buf)
{
    size_t size = sizeof(uint32_t);
    uint8_t *at;
    int r;

    for (size_t i = 0; i < count; i++)
        size += request_size(&requests[i]);
    r = reserve(buf, size, &at);
    if (r < 0)
        return r;
    at = trawl_wire_raw_u32(at, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        at = request_put(at, &requests[i]);
    trawl_buf_grew(buf, size);
    return 0;
}

int trawl_page_requests_decode(const void *payload, size_t len,
                               struct trawl_page_request **ret_requests, size_t *ret_count)
{
    struct trawl_page_request *requests;
    struct trawl_wire wire;
    size_t count;
    int r;

    trawl_wire_init(&wire, payload, len);
    requests_get(&wire, SIZE_MAX, &requests, &count);
    r = trawl_wire_end(&wire);
    if (r < 0) {
        free(requests);
        return r;
    }
    *ret_requests = requests;
    *ret_count = count;
    return 0;
}
