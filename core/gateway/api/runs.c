/* Runs, their errors and their logs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/api/api.h"
#include "journal/phase.h"
#include "util/json.h"

static int write_value(struct api_request *request, json_t *value)
{
    int r = trawl_json_write(&request->body, value, TRAWL_JSON_COMPACT);

    json_decref(value);
    return r;
}

/* {name: list, next: where the next page begins, or null} */
static int write_page(struct api_request *request, const char *name, json_t *list, unsigned limit,
                      const char *key)
{
    json_t *next = json_null();
    size_t count = json_array_size(list);

    if (count == limit) {
        char text[32];

        snprintf(text, sizeof(text), "%lld",
                 (long long)trawl_json_int(json_array_get(list, count - 1), key, 0));
        next = json_string(text);
    }
    return write_value(request, json_pack("{s:o, s:o}", name, list, "next", next));
}

int api_runs(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    struct trawl_run_filter filter = {.status = query_get(&request->query, "status"),
                                      .platform = query_get(&request->query, "platform")};
    enum trawl_phase phase;
    json_t *runs;
    int r;

    if (filter.status && trawl_phase_parse(filter.status, &phase) < 0)
        return trawl_err_set(err, -EINVAL, "status", "there is no such status of a run");
    r = api_limit(request, &filter.limit, err);
    if (r >= 0)
        r = api_cursor(request, &filter.before, err);
    if (r >= 0)
        r = trawl_reader_runs(reader, &filter, &runs, err);
    if (r < 0)
        return r;
    return write_page(request, "runs", runs, filter.limit, "id");
}

int api_runs_active(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    json_t *runs;
    int r = trawl_reader_active_runs(reader, &runs, err);

    return r < 0 ? r : write_value(request, runs);
}

int api_run(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    json_t *run;
    int r = trawl_reader_run(reader, request->run_id, &run, err);

    return r < 0 ? r : write_value(request, run);
}

static int run_rows(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err,
                    const char *name,
                    int (*read)(struct trawl_reader *, int64_t, int64_t, unsigned, json_t **,
                                struct trawl_err *))
{
    uint64_t first, last;
    int64_t after;
    unsigned limit;
    json_t *rows;
    int r;

    r = api_limit(request, &limit, err);
    if (r >= 0)
        r = api_cursor(request, &after, err);
    if (r >= 0) /* an unknown run is not one without errors */
        r = trawl_reader_run_span(reader, request->run_id, &first, &last, err);
    if (r >= 0)
        r = read(reader, request->run_id, after, limit, &rows, err);
    return r < 0 ? r : write_page(request, name, rows, limit, "row");
}

static int run_error_groups(struct api_request *request, struct trawl_reader *reader,
                            struct trawl_err *err)
{
    unsigned limit;
    json_t *groups;
    int r = api_limit(request, &limit, err);

    if (r >= 0)
        r = trawl_reader_run_error_groups(reader, request->run_id, limit, &groups, err);
    return r < 0 ? r : write_value(request, json_pack("{s:o}", "groups", groups));
}

int api_run_errors(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    const char *group = query_get(&request->query, "group");

    if (group && strcmp(group, "kind") != 0)
        return trawl_err_set(err, -EINVAL, "group", "errors are grouped by 'kind'");
    if (group)
        return run_error_groups(request, reader, err);
    return run_rows(request, reader, err, "errors", trawl_reader_run_errors);
}

int api_run_logs(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    return run_rows(request, reader, err, "logs", trawl_reader_run_logs);
}
