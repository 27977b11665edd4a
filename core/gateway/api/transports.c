/* The ways to follow runs, and how often clients had to leave one for another. */
#include <errno.h>
#include <string.h>

#include "gateway/api/api.h"
#include "ipc/commands.h"
#include "util/alloc.h"

/* Characters of a move's reason. */
#define MOVE_REASON_MAX 200
/* Characters of a connection's id; ours are shorter. */
#define CONNECTION_ID_MAX 64
/* A client that was offline tells its moves at once, but no more than so many. */
#define MOVE_COUNT_MAX 1000

static void on_transports(void *user, int status, const json_t *result)
{
    struct api_request *request = user;
    json_auto_t *answer = NULL;

    if (!api_command_worked(request, status, result))
        return;
    answer = json_copy((json_t *)(uintptr_t)result);
    json_object_update(answer, request->gateway->chain);
    api_respond_json(request, 200, answer);
}

void api_transports(struct api_request *request)
{
    api_command(request, TRAWL_COMMAND_TRANSPORTS, json_object(), on_transports);
}

static void on_enabled(void *user, int status, const json_t *result)
{
    struct api_request *request = user;

    if (api_command_worked(request, status, result))
        api_respond_json(request, 200, result);
}

void api_enable_transport(struct api_request *request)
{
    api_command(request, TRAWL_COMMAND_ENABLE_TRANSPORT,
                json_pack("{s:s}", "transport", query_get(&request->path, "name")), on_enabled);
}

static void on_watchers(void *user, int status, const json_t *result)
{
    struct api_request *request = user;

    if (api_command_worked(request, status, result))
        api_respond_json(request, 200, result);
}

void api_watchers(struct api_request *request)
{
    struct trawl_err err = {0};
    unsigned limit;
    int r = api_limit(request, &limit, &err);

    if (r < 0)
        api_respond_failure(request, r, &err);
    else
        api_command(request, TRAWL_COMMAND_WATCHERS, json_pack("{s:i}", "limit", (int)limit),
                    on_watchers);
}

/* --- a client's move ------------------------------------------------------------------------------- */

/* C0, DEL and C1, in UTF-8. */
static bool has_control(const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;

    for (size_t i = 0; i < len; i++) {
        if (at[i] < ' ' || at[i] == 0x7f || (at[i] == 0xc2 && i + 1 < len && at[i + 1] < 0xa0))
            return true;
    }
    return false;
}

static size_t count_characters(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static int check_names(const json_t *body, struct trawl_err *err)
{
    const json_t *from = json_object_get(body, "from"), *to = json_object_get(body, "to");

    if (!json_is_string(from))
        return trawl_err_set(err, -EINVAL, "from", "expected the name of a transport");
    if (!json_is_string(to))
        return trawl_err_set(err, -EINVAL, "to", "expected the name of a transport");
    if (json_equal(from, to))
        return trawl_err_set(err, -EINVAL, "to", "expected another transport than `from`");
    return 0;
}

static int check_move(const json_t *body, struct trawl_err *err)
{
    const json_t *reason = json_object_get(body, "reason");
    const json_t *count = json_object_get(body, "count");
    const json_t *id = json_object_get(body, "connection_id");
    const char *text = json_string_value(reason);
    size_t len = json_string_length(reason);
    int r = check_names(body, err);

    if (r < 0)
        return r;
    if (len == 0 || count_characters(text, len) > MOVE_REASON_MAX || has_control(text, len))
        return trawl_err_set(err, -EINVAL, "reason",
                             "expected 1 to %d characters, none of them a control character",
                             MOVE_REASON_MAX);
    if (id && (!json_is_string(id) || json_string_length(id) > CONNECTION_ID_MAX))
        return trawl_err_set(err, -EINVAL, "connection_id",
                             "expected what `connection_ack` has told");
    if (!json_is_integer(count) || json_integer_value(count) < 1 ||
        json_integer_value(count) > MOVE_COUNT_MAX)
        return trawl_err_set(err, -EINVAL, "count", "expected a whole number from 1 to %d",
                             MOVE_COUNT_MAX);
    return 0;
}

static void on_moved(void *user, int status, const json_t *result)
{
    struct api_request *request = user;

    if (api_command_worked(request, status, result))
        trawl_http_respond(request->http, 204, NULL, NULL, NULL, 0);
}

void api_moved(struct api_request *request)
{
    static const char *const fields[] = {"from", "to", "reason", "count", "connection_id"};
    json_t *body = api_body(request, fields, TRAWL_ARRAY_SIZE(fields));
    struct trawl_err err = {0};

    if (!body)
        return;
    if (check_move(body, &err) < 0) {
        api_respond_failure(request, -EINVAL, &err);
        json_decref(body);
        return;
    }
    api_command(request, TRAWL_COMMAND_MOVE, body, on_moved);
}
