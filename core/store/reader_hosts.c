/* Reading what is known of hosts. */
#include <stdbool.h>
#include <string.h>

#include "store/reader_priv.h"
#include "util/json.h"

static bool is_time(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, "_at") == 0;
}

/* Times are saved as numbers, 0 for never. */
static void show_times(json_t *object)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe (object, next, name, value) {
        if (json_is_object(value))
            show_times(value);
        else if (is_time(name))
            json_object_set_new(object, name, trawl__reader_stamp(json_integer_value(value)));
    }
}

static json_t *host_json(sqlite3_stmt *row)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);
    json_t *host = NULL;

    if (trawl_json_parse(text, strlen(text), &host, NULL) < 0)
        return json_object();
    json_object_set_new(host, "seen_at", json_integer(sqlite3_column_int64(row, 1)));
    show_times(host);
    return host;
}

int trawl_reader_hosts(struct trawl_reader *reader, const struct trawl_host_filter *filter,
                       json_t **ret_hosts, struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    json_t *hosts;
    int code;
    int r = trawl__reader_prepare(reader,
                                  "SELECT json, seen_ms FROM hosts WHERE name > ?1 AND "
                                  "instr(name, ?2) > 0 ORDER BY name LIMIT ?3",
                                  &rows, err);

    if (r < 0)
        return r;
    hosts = json_array();
    trawl__db_bind_text(rows, 1, filter->after ? filter->after : "");
    trawl__db_bind_text(rows, 2, filter->search ? filter->search : "");
    sqlite3_bind_int64(rows, 3, filter->limit);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(hosts, host_json(rows));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(hosts);
    else
        *ret_hosts = hosts;
    return r;
}
