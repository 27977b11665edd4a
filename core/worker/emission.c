#include "worker/emission.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

/* Memory that is kept from page to page; beyond it, one large page would hold it for ever. */
#define EMISSION_KEEP (256u << 10)

void trawl_emission_init(struct trawl_emission *emission, size_t max_item)
{
    *emission = (struct trawl_emission){0};
    trawl_buf_init(&emission->bytes, TRAWL_EMISSION_MAX);
    trawl_buf_init(&emission->scratch, max_item);
}

void trawl_emission_finish(struct trawl_emission *emission)
{
    trawl_buf_finish(&emission->bytes);
    trawl_buf_finish(&emission->scratch);
    free(emission->items);
    free(emission->requests);
    free(emission->links.hashes);
}

static void buf_reset(struct trawl_buf *buf)
{
    if (buf->cap > EMISSION_KEEP)
        trawl_buf_finish(buf);
    else
        trawl_buf_clear(buf);
}

void trawl_emission_clear(struct trawl_emission *emission)
{
    buf_reset(&emission->bytes);
    buf_reset(&emission->scratch);
    emission->item_count = 0;
    emission->request_count = 0;
    emission->links.count = 0;
    emission->links.are_all = emission->links.noted;
}

static bool fits(const struct trawl_emission *emission, size_t len)
{
    return len <= TRAWL_EMISSION_MAX - emission->bytes.len;
}

/* Append a text and its NUL; there is room for it. Gives an offset in place of a pointer. */
static struct trawl_str keep(struct trawl_emission *emission, const char *text, size_t len)
{
    size_t offset = emission->bytes.len;
    char *room;

    if (trawl_buf_reserve(&emission->bytes, len + 1, &room) < 0)
        abort(); /* out of memory: the limit was looked at before */
    memcpy(room, text, len);
    room[len] = '\0';
    trawl_buf_grew(&emission->bytes, len + 1);
    return (struct trawl_str){.ptr = (const char *)(uintptr_t)offset, .len = len};
}

static struct trawl_str keep_str(struct trawl_emission *emission, struct trawl_str text)
{
    return keep(emission, text.len > 0 ? text.ptr : "", text.len);
}

static bool is_good_key(const char *key)
{
    size_t len = key ? strnlen(key, TRAWL_KEY_MAX + 1) : 0;
    json_t *text;

    if (len == 0 || len > TRAWL_KEY_MAX)
        return false;
    text = json_stringn(key, len); /* which refuses what is not UTF-8 */
    json_decref(text);
    return text != NULL;
}

int trawl_emission_add_item(struct trawl_emission *emission, const char *key, const json_t *item)
{
    struct trawl_page_item *slot;
    int r;

    if (!json_is_object(item) || !is_good_key(key))
        return -EINVAL;
    if (emission->item_count >= TRAWL_PAGE_ITEMS_MAX)
        return -E2BIG;
    trawl_buf_clear(&emission->scratch);
    r = trawl_json_write(&emission->scratch, item, TRAWL_JSON_SORTED);
    if (r < 0)
        return r == -EFBIG ? -E2BIG : r;
    if (!fits(emission, strlen(key) + emission->scratch.len + 2))
        return -E2BIG;
    if (emission->item_count == emission->item_cap) {
        emission->item_cap = emission->item_cap ? emission->item_cap * 2 : 16;
        emission->items =
            trawl_xrealloc(emission->items, emission->item_cap * sizeof(*emission->items));
    }
    slot = &emission->items[emission->item_count++];
    slot->hash = trawl_hash_bytes(emission->scratch.data, emission->scratch.len);
    slot->key = keep(emission, key, strlen(key));
    slot->json = keep(emission, emission->scratch.data, emission->scratch.len);
    return 0;
}

int trawl_emission_add_request(struct trawl_emission *emission,
                               const struct trawl_page_request *request)
{
    struct trawl_page_request *slot;

    if (emission->request_count >= TRAWL_PAGE_REQUESTS_MAX ||
        !fits(emission, request->url.len + request->method.len + request->headers.len +
                            request->body.len + request->meta.len + 5))
        return -E2BIG;
    if (emission->request_count == emission->request_cap) {
        emission->request_cap = emission->request_cap ? emission->request_cap * 2 : 64;
        emission->requests =
            trawl_xrealloc(emission->requests, emission->request_cap * sizeof(*emission->requests));
    }
    slot = &emission->requests[emission->request_count++];
    *slot = *request;
    slot->url = keep_str(emission, request->url);
    slot->method = keep_str(emission, request->method);
    slot->headers = keep_str(emission, request->headers);
    slot->body = keep_str(emission, request->body);
    slot->meta = keep_str(emission, request->meta);
    return 0;
}

void trawl_emission_note(struct trawl_emission *emission, const struct trawl_hash *fingerprint)
{
    struct trawl_emission_links *links = &emission->links;

    if (!fingerprint || links->count == TRAWL_PAGE_REQUESTS_MAX)
        links->are_all = false;
    if (!links->are_all)
        return;
    if (links->count == links->cap) {
        links->cap = links->cap ? links->cap * 2 : 64;
        links->hashes = trawl_xrealloc(links->hashes, links->cap * sizeof(*links->hashes));
    }
    links->hashes[links->count++] = *fingerprint;
}

static void point(const struct trawl_emission *emission, struct trawl_str *text)
{
    text->ptr = emission->bytes.data + (uintptr_t)text->ptr;
}

void trawl_emission_seal(struct trawl_emission *emission)
{
    for (size_t i = 0; i < emission->item_count; i++) {
        point(emission, &emission->items[i].key);
        point(emission, &emission->items[i].json);
    }
    for (size_t i = 0; i < emission->request_count; i++) {
        struct trawl_page_request *request = &emission->requests[i];

        point(emission, &request->url);
        point(emission, &request->method);
        point(emission, &request->headers);
        point(emission, &request->body);
        point(emission, &request->meta);
    }
}
