#include "cli/drill/report.h"

#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

#define FAULT_WIDTH   22
#define CLIENTS_WIDTH 48
/* The text of all clients. */
#define TEXT_MAX 65536u
/* Moves of one client. */
#define PATH_SHOWN 3

/* Characters of UTF-8 text: an arrow has three bytes. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, int width)
{
    int missing = width - width_of(text);

    printf("%s%*s", text, missing > 0 ? missing : 0, "");
}

static void append_seconds(struct trawl_buf *text, const char *before, const json_t *ms)
{
    if (json_is_integer(ms))
        (void)trawl_buf_printf(text, "%s%.1f s", before, (double)json_integer_value(ms) / 1000);
}

/* Where it went; that it went back to its first transport at last is told by when. A client that went round and round is told
 * in short. */
static void append_path(struct trawl_buf *text, const json_t *path, const char *name)
{
    size_t moves = json_array_size(path);

    if (moves > 0 && strcmp(json_string_value(json_array_get(path, moves - 1)), name) == 0)
        moves--;
    for (size_t i = 0; i < moves && (moves <= PATH_SHOWN || i + 1 < PATH_SHOWN); i++)
        (void)trawl_buf_printf(text, " → %s", json_string_value(json_array_get(path, i)));
    if (moves > PATH_SHOWN)
        (void)trawl_buf_append_text(text, " → …");
}

/* "websocket → sse, back after 1.2 s"; nothing if it noticed nothing. */
static void append_client(struct trawl_buf *text, const json_t *client)
{
    const json_t *path = json_object_get(client, "path");
    const json_t *back = json_object_get(client, "back_ms");
    const char *name = trawl_json_string(client, "client", "");
    size_t moves = json_array_size(path);

    if (moves == 0 && trawl_json_int(client, "reconnects", 0) == 0) {
        if (json_is_integer(back)) {
            (void)trawl_buf_append_text(text, name);
            append_seconds(text, " had all again after ", back);
        }
        return;
    }
    (void)trawl_buf_append_text(text, name);
    append_path(text, path, name);
    if (!json_is_integer(back))
        (void)trawl_buf_append_text(text, ", not back");
    append_seconds(text, moves == 0 ? " reconnected after " : ", back after ", back);
}

/* The texts of all clients, a line each. */
static void append_clients(struct trawl_buf *text, const json_t *row)
{
    const char *skipped = trawl_json_string(row, "skipped", NULL);
    const json_t *events = json_object_get(row, "events");
    json_t *client;
    size_t i;

    if (skipped)
        (void)trawl_buf_append_text(text, skipped);
    json_array_foreach (json_object_get(row, "clients"), i, client) {
        size_t before = text->len;

        if (before > 0)
            (void)trawl_buf_append_char(text, '\n');
        append_client(text, client);
        if (before > 0 && text->len == before + 1) {
            text->len = before;
            text->data[before] = '\0';
        }
    }
    if (events)
        (void)trawl_buf_printf(text, "a new client got %lld events again",
                               (long long)json_integer_value(events));
    else if (text->len == 0)
        (void)trawl_buf_append_text(text, "noticed nothing");
}

static void print_figures(const json_t *row)
{
    const json_t *next = json_object_get(row, "next_event_ms");
    long long stray = trawl_json_int(row, "stray", 0);

    if (json_is_integer(next))
        printf("%8.1f s", (double)json_integer_value(next) / 1000);
    else
        printf("%10s", "-");
    printf("%6lld%10lld", (long long)trawl_json_int(row, "lost", 0),
           (long long)trawl_json_int(row, "repeated", 0));
    if (stray > 0)
        printf("  %lld that the journal does not have", stray);
    if (!trawl_json_bool(row, "ended", true))
        printf("  not over");
}

static void print_row(const json_t *row)
{
    struct trawl_buf text;
    const char *at;

    trawl_buf_init(&text, TEXT_MAX);
    append_clients(&text, row);
    at = trawl_buf_text(&text);
    for (bool first = true; *at; first = false) {
        size_t len = strcspn(at, "\n");
        TRAWL_AUTO_FREE char *line = trawl_xstrndup(at, len);

        print_cell(first ? trawl_json_string(row, "title", "") : "", FAULT_WIDTH);
        if (first && !trawl_json_string(row, "skipped", NULL)) {
            print_cell(line, CLIENTS_WIDTH);
            print_figures(row);
        } else {
            fputs(line, stdout);
        }
        putchar('\n');
        at += len + (at[len] == '\n');
    }
    trawl_buf_finish(&text);
}

void drill_report_begin(bool json)
{
    if (json)
        return;
    print_cell("fault", FAULT_WIDTH);
    print_cell("what the clients did", CLIENTS_WIDTH);
    puts("next event  lost  repeated");
    fflush(stdout);
}

void drill_report_row(const json_t *row, bool json)
{
    if (json) {
        TRAWL_AUTO_FREE char *text = trawl_json_text(row, TRAWL_JSON_COMPACT);

        puts(text);
    } else {
        print_row(row);
    }
    fflush(stdout);
}
