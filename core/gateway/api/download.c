/* GET /api/scrape/runs/{id}/items: streamed by pages of the reader, so that a run of millions needs no more memory than
 * one page. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/api/api.h"
#include "gateway/api/csv.h"
#include "gateway/problem.h"
#include "util/alloc.h"

/* Rows of a page; its bytes are limited by API_BODY_MAX, a fraction of which fits so many items of usual size. */
#define DOWNLOAD_PAGE 200

enum download_format {
    DOWNLOAD_JSON,
    DOWNLOAD_JSONL,
    DOWNLOAD_CSV,
};

struct download {
    enum download_format format;
    int64_t after;
    unsigned count; /* rows of this page */
    uint64_t total;
    bool begun;
    bool last;
    struct csv_columns columns;
};

static const char *const content_types[] = {
    [DOWNLOAD_JSON] = "application/json",
    [DOWNLOAD_JSONL] = "application/x-ndjson",
    [DOWNLOAD_CSV] = "text/csv; charset=utf-8; header=present",
};

void api_download_free(struct download *download)
{
    if (!download)
        return;
    csv_columns_finish(&download->columns);
    free(download);
}

static int on_row(void *user, const struct trawl_item_row *row)
{
    struct api_request *request = user;
    struct download *download = request->download;
    struct trawl_buf *buf = &request->body;
    int r = 0;

    download->count++;
    download->after = row->row;
    if (download->format == DOWNLOAD_CSV)
        return csv_append_row(buf, &download->columns, row);
    if (download->format == DOWNLOAD_JSON)
        r = trawl_buf_append_char(buf, download->total++ == 0 ? '[' : ',');
    if (r >= 0)
        r = api_append_item(buf, row);
    if (r >= 0)
        r = trawl_buf_append_char(buf, '\n');
    return r;
}

static int on_column_row(void *user, const struct trawl_item_row *row)
{
    struct api_request *request = user;

    request->download->count++;
    request->download->after = row->row;
    return csv_columns_add(&request->download->columns, row->json);
}

static struct trawl_item_filter filter_of(const struct api_request *request)
{
    return (struct trawl_item_filter){.run_id = request->run_id,
                                      .platform = query_get(&request->query, "platform"),
                                      .change = query_get(&request->query, "change"),
                                      .after = request->download->after,
                                      .limit = DOWNLOAD_PAGE};
}

/* In a thread: the first pass over a CSV's rows. */
static int collect_columns(struct api_request *request, struct trawl_reader *reader,
                           struct trawl_err *err)
{
    struct download *download = request->download;
    int r;

    do {
        struct trawl_item_filter filter = filter_of(request);

        download->count = 0;
        r = trawl_reader_items(reader, &filter, on_column_row, request, err);
        if (r == -E2BIG)
            return trawl_err_set(err, -EINVAL, "format", "the items have too many fields for CSV");
        if (r < 0)
            return r;
    } while (download->count == DOWNLOAD_PAGE);
    download->after = 0;
    return csv_append_head(&request->body, &download->columns);
}

static int begin_run(struct api_request *request, struct trawl_reader *reader,
                     struct trawl_err *err)
{
    uint64_t first, last;
    int r = trawl_reader_run_span(reader, request->run_id, &first, &last, err);

    if (r >= 0 && request->download->format == DOWNLOAD_CSV)
        r = collect_columns(request, reader, err);
    return r;
}

static int page_run(struct read_job *job, struct trawl_reader *reader)
{
    struct api_request *request = TRAWL_CONTAINER_OF(job, struct api_request, job);
    struct download *download = request->download;
    struct trawl_item_filter filter;
    int r = 0;

    if (!download->begun)
        r = begin_run(request, reader, &request->err);
    if (r < 0)
        return r;
    filter = filter_of(request);
    download->count = 0;
    r = trawl_reader_items(reader, &filter, on_row, request, &request->err);
    if (r < 0)
        return r;
    download->last = download->count < DOWNLOAD_PAGE;
    if (download->last && download->format == DOWNLOAD_JSON)
        r = trawl_buf_append_text(&request->body, download->total == 0 ? "[]\n" : "]\n");
    return r;
}

static void begin_answer(struct api_request *request)
{
    static const char *const suffixes[] = {"json", "jsonl", "csv"};
    struct download *download = request->download;
    char name[96];
    struct trawl_http_header headers[] = {
        {"Cache-Control", "no-store"}, {"Content-Disposition", name}, {NULL, NULL}};

    snprintf(name, sizeof(name), "inline; filename=\"run-%lld.%s\"", (long long)request->run_id,
             suffixes[download->format]);
    download->begun = true;
    trawl_http_stream_begin(request->http, 200, content_types[download->format], headers, false);
}

static void page_done(struct read_job *job);

static void next_page(struct api_request *request)
{
    if (api_submit(request, page_run, page_done) < 0)
        trawl_http_close(request->http, 0, NULL);
}

static void page_done(struct read_job *job)
{
    struct api_request *request = TRAWL_CONTAINER_OF(job, struct api_request, job);
    struct download *download = request->download;
    int r;

    if (!api_release(request))
        return;
    if (job->status < 0) {
        if (download->begun)
            trawl_http_close(request->http, 0, NULL); /* cut, so that it is not taken for whole */
        else
            api_respond_failure(request, job->status, &request->err);
        return;
    }
    if (!download->begun)
        begin_answer(request);
    r = trawl_http_stream_write(request->http, trawl_buf_text(&request->body), request->body.len);
    trawl_buf_clear(&request->body);
    if (r == -EPIPE)
        return;
    if (download->last)
        trawl_http_stream_end(request->http);
    else if (r == 0)
        next_page(request);
}

void api_download_writable(struct api_request *request)
{
    if (request->download && !request->busy && !request->download->last)
        next_page(request);
}

void api_run_items(struct api_request *request)
{
    static const char *const names[] = {"json", "jsonl", "csv"};
    const char *format = query_get(&request->query, "format");
    int found = format ? -1 : DOWNLOAD_JSON;

    for (int i = 0; format && i < (int)TRAWL_ARRAY_SIZE(names); i++) {
        if (strcmp(format, names[i]) == 0)
            found = i;
    }
    if (found < 0) {
        json_auto_t *members = json_pack("{s:s}", "field", "format");

        problem_respond(request->http, 422, "expected json, jsonl or csv", members);
        return;
    }
    request->download = TRAWL_NEW(struct download);
    request->download->format = (enum download_format)found;
    if (api_submit(request, page_run, page_done) < 0)
        problem_respond(request->http, 503, "too many requests wait", NULL);
}
