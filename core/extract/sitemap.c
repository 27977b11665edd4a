#include "extract/sitemap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "extract/charset.h"
#include "extract/gzip.h"
#include "extract/sitemap_priv.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/url.h"

/* Longest part of a URL that is shown. */
#define SHOWN_MAX 200

/* --- entries --------------------------------------------------------------------------------------- */

void trawl__sitemap_fault(struct sitemap_reading *reading, unsigned line, const char *format, ...)
{
    struct trawl_sitemap_faults *faults = &reading->faults;
    char text[sizeof(faults->first)];
    va_list args;
    int len;

    if (faults->count++ > 0)
        return;
    len = line > 0 ? snprintf(text, sizeof(text), "line %u: ", line) : 0;
    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    text[strcspn(text, "\n")] = '\0'; /* libxml2 ends its sentences with one */
    trawl_log_quote(faults->first, sizeof(faults->first), text);
}

static int count_entry(struct sitemap_reading *reading)
{
    if (reading->entries == TRAWL_SITEMAP_ENTRIES_MAX)
        return trawl_err_set(reading->err, -E2BIG, "", "a sitemap of more than %d entries",
                             TRAWL_SITEMAP_ENTRIES_MAX);
    reading->entries++;
    return 0;
}

int trawl__sitemap_drop(struct sitemap_reading *reading)
{
    reading->faults.entries++;
    return count_entry(reading);
}

int trawl__sitemap_bring(struct sitemap_reading *reading, enum sitemap_kind kind,
                         const struct trawl_url_base *base, const char *url, size_t len,
                         unsigned line)
{
    const struct trawl_sitemap_sink *sink = reading->sink;
    char resolved[TRAWL_URL_MAX + 1];
    int r = trawl_url_resolve_into(base, url, len, resolved);

    if (r == -ENAMETOOLONG)
        trawl__sitemap_fault(reading, line, "a URL of more than %d bytes", TRAWL_URL_MAX);
    else if (r < 0)
        trawl__sitemap_fault(reading, line, "'%.*s' is no http or https URL",
                             (int)(len < SHOWN_MAX ? len : SHOWN_MAX), url);
    if (r < 0)
        return trawl__sitemap_drop(reading);
    r = count_entry(reading);
    if (r < 0)
        return r;
    reading->brought++;
    return kind == SITEMAP_OF_PAGES ? sink->page(sink->user, resolved)
                                    : sink->sitemap(sink->user, resolved);
}

/* --- a URL on each line ---------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int read_line(struct sitemap_reading *reading, const char *at, const char *end,
                     unsigned line)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    if (at == end)
        return 0;
    return trawl__sitemap_bring(reading, SITEMAP_OF_PAGES, NULL, at, (size_t)(end - at), line);
}

static int read_list(struct sitemap_reading *reading, const char *at, const char *end,
                     unsigned line)
{
    int r = 0;

    while (r == 0 && at < end) {
        const char *stop = at;

        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        if (stop == end && reading->cut)
            return trawl__sitemap_drop(reading);
        r = read_line(reading, at, stop, line++);
        at = stop + (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    return r;
}

/* --- the whole ------------------------------------------------------------------------------------- */

/* Many sitemaps are made by programs that put out an empty line first, which XML does not allow. */
static int read_text(struct sitemap_reading *reading, const char *text, size_t len)
{
    const char *end = text + len;
    const char *at = text;
    unsigned line = 1;

    for (; at < end && is_blank(*at); at++)
        line += *at == '\n';
    if (at == end)
        return trawl_err_set(reading->err, -EINVAL, "", "no sitemap: it is empty");
    if (*at == '<')
        return trawl__sitemap_read_xml(reading, at, (size_t)(end - at), line);
    return read_list(reading, at, end, line);
}

static int read_bytes(struct sitemap_reading *reading, const char *bytes, size_t len)
{
    TRAWL_AUTO_FREE char *decoded = NULL;
    const char *encoding = trawl_charset_detect(bytes, len, reading->response->content_type);
    size_t text_len;
    const char *text = trawl_charset_borrow(bytes, len, encoding, &text_len);

    if (!text) {
        if (trawl_charset_to_utf8(bytes, len, encoding, &decoded, &text_len) < 0)
            return trawl_err_set(reading->err, -ENOMEM, "", "no memory for this sitemap");
        text = decoded;
    }
    return read_text(reading, text, text_len);
}

static int read_packed(struct sitemap_reading *reading)
{
    struct trawl_buf unpacked;
    int broken;
    int r;

    trawl_buf_init(&unpacked, TRAWL_SITEMAP_MAX);
    broken = trawl_gzip_unpack(reading->response->body, reading->response->body_len, &unpacked);
    if (broken == -EFBIG) {
        r = trawl_err_set(reading->err, -EFBIG, "", "a sitemap of more than %u bytes, unpacked",
                          TRAWL_SITEMAP_MAX);
    } else if (broken == -ENOMEM) {
        r = trawl_err_set(reading->err, -ENOMEM, "", "no memory for this sitemap");
    } else if (broken < 0 && unpacked.len == 0) {
        r = trawl_err_set(reading->err, -EINVAL, "", "no sitemap: its gzip data is damaged");
    } else {
        reading->cut = broken < 0;
        if (reading->cut)
            trawl__sitemap_fault(reading, 0, "its gzip data is damaged, or breaks off");
        r = read_bytes(reading, trawl_buf_text(&unpacked), unpacked.len);
    }
    trawl_buf_finish(&unpacked);
    return r;
}

static int read_body(struct sitemap_reading *reading)
{
    const struct trawl_response *response = reading->response;

    if (trawl_gzip_is(response->body, response->body_len))
        return read_packed(reading);
    if (response->body_len > TRAWL_SITEMAP_MAX)
        return trawl_err_set(reading->err, -EFBIG, "", "a sitemap of more than %u bytes",
                             TRAWL_SITEMAP_MAX);
    return read_bytes(reading, response->body, response->body_len);
}

int trawl_sitemap_read(const struct trawl_response *response, const struct trawl_sitemap_sink *sink,
                       struct trawl_sitemap_faults *ret_faults, struct trawl_err *err)
{
    struct sitemap_reading reading = {.response = response, .sink = sink, .err = err};
    int r = read_body(&reading);

    if (r < 0)
        return r;
    if (reading.brought == 0 && reading.faults.count > 0)
        return trawl_err_set(err, -EINVAL, "", "nothing of this sitemap can be read: %s",
                             reading.faults.first);
    *ret_faults = reading.faults;
    return 0;
}
