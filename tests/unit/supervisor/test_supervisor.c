/* The whole supervisor over a real store, with this test as its worker and its gateway: spawned with --role=worker it does what
 * the platform's option "script" says, with --role=gateway it gives commands and notes the answers, as does the pusher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "ipc/child.h"
#include "ipc/commands.h"
#include "ipc/messages.h"
#include "ipc/page.h"
#include "supervisor/supervisor.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/fs.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/log.h"

/* Where the gateway notes what it was answered. */
#define NOTES_VARIABLE "TRAWL_TEST_NOTES"

/* Set where the pusher gives the commands. */
#define PUSH_VARIABLE "TRAWL_TEST_PUSH"

/* The last of the gateway's moves; the first is number 11. */
#define MOVES_END 310

/* --- a child ------------------------------------------------------------------------------------- */

static struct {
    uv_loop_t loop;
    struct trawl_channel *channel;
    json_t *job;
    const char *script;
    json_int_t lease;
    uint64_t serial;
    bool idle; /* it has nothing more to do but to say so */
    json_int_t heard;
} child;

static void child_say(uint16_t type, json_t *value)
{
    (void)trawl_channel_send_json(child.channel, type, value);
    json_decref(value);
}

/* The page of start() asks for what the two pages after it are of. */
static void child_page(enum trawl_page_kind kind, enum trawl_outcome outcome, uint32_t lease)
{
    struct trawl_page_request requests[2] = {0};
    char urls[2][64];
    char url[64];
    struct trawl_buf buf;
    struct trawl_page page = {
        .serial = ++child.serial,
        .lease = lease,
        .kind = (uint8_t)kind,
        .outcome = (uint8_t)outcome,
        .status = outcome == TRAWL_OUTCOME_OK ? 200 : 500,
        .attempts = 1,
    };

    snprintf(url, sizeof(url), "http://a/%u", (unsigned)child.serial);
    if (kind == TRAWL_PAGE_RESPONSE) {
        page.url = trawl_str_of(url);
        page.fingerprint = trawl_hash_bytes(url, strlen(url));
    }
    for (unsigned i = 0; kind == TRAWL_PAGE_START && i < 2; i++) {
        snprintf(urls[i], sizeof(urls[i]), "http://a/%u", i + 2);
        requests[i].url = trawl_str_of(urls[i]);
        requests[i].fingerprint = trawl_hash_bytes(urls[i], strlen(urls[i]));
        page.requests = requests;
        page.request_count = i + 1;
    }
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    (void)trawl_page_encode(&page, &buf);
    (void)trawl_channel_send_buf(child.channel, TRAWL_MSG_PAGE, &buf);
    trawl_buf_finish(&buf);
}

static bool child_plays(const char *script)
{
    return strcmp(child.script, script) == 0;
}

static void child_on_requests(void)
{
    uint32_t lease = (uint32_t)child.lease;
    bool fresh = trawl_json_bool(child.job, "fresh", false);

    if (child_plays("rubbish") && lease == 1) {
        (void)trawl_channel_send(child.channel, TRAWL_MSG_PAGE, "rubbish", 7);
        return;
    }
    if (child_plays("old lease") && lease == 2)
        lease = 1;
    if (fresh)
        child_page(TRAWL_PAGE_START, TRAWL_OUTCOME_OK, lease);
    if (child_plays("hold") || child_plays("deaf"))
        return;
    if (child_plays("partial"))
        child_page(TRAWL_PAGE_RESPONSE, TRAWL_OUTCOME_FAILED, lease);
    child_page(TRAWL_PAGE_RESPONSE, TRAWL_OUTCOME_OK, lease);
    child.idle = true;
}

static void child_say_idle(void)
{
    child_say(TRAWL_MSG_IDLE,
              json_pack("{s:I, s:i, s:b}", "heard", child.heard, "unused", 0, "starved", 0));
}

static void child_on_ack(json_int_t serial)
{
    if ((child_plays("die once") || child_plays("old lease")) && child.lease == 1)
        raise(SIGKILL);
    if (child.idle && (uint64_t)serial == child.serial)
        child_say_idle();
}

static void child_on_job(json_t *job)
{
    child.job = json_incref(job);
    child.script = trawl_json_string(json_object_get(job, "options"), "script", "");
    child.lease = trawl_json_int(job, "lease", 0);
    if (child_plays("die"))
        raise(SIGKILL);
    if (child_plays("refuse"))
        child_say(TRAWL_MSG_FAILED, json_pack("{s:s}", "message", "will not"));
    else
        child_say(TRAWL_MSG_READY, json_pack("{s:i}", "pid", (int)getpid()));
}

/* --- the gateway --------------------------------------------------------------------------------- */

static void child_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void child_note(const char *format, ...)
{
    FILE *notes = fopen(getenv(NOTES_VARIABLE), "a");
    va_list args;

    va_start(args, format);
    vfprintf(notes, format, args);
    va_end(args);
    fclose(notes);
}

static void child_command(int seq, const char *name, json_t *args)
{
    child_say(TRAWL_MSG_COMMAND,
              json_pack("{s:i, s:s, s:o}", "seq", seq, "name", name, "args", args));
}

static json_t *start_args(const char *platform, const char *overlap)
{
    return json_pack("{s:[s], s:s}", "platforms", platform, "overlap", overlap);
}

static json_t *move_args(const char *to, const char *reason, int count)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "from", "websocket", "to", to, "reason", reason,
                     "count", count);
}

/* Moves for more reasons than are kept apart, one of them again, then what was counted. */
static void child_next_move(json_int_t answered)
{
    char reason[32];

    snprintf(reason, sizeof(reason), "reason %d", (int)answered);
    if (answered == MOVES_END)
        child_command(MOVES_END + 1, TRAWL_COMMAND_TRANSPORTS, json_object());
    else if (answered == MOVES_END - 1)
        child_command(MOVES_END, TRAWL_COMMAND_MOVE, move_args("sse", "reason 10", 5));
    else
        child_command((int)answered + 1, TRAWL_COMMAND_MOVE, move_args("sse", reason, 1));
}

/* One command after the other; the answer to each is noted. */
static void child_next_command(json_int_t answered)
{
    switch (answered) {
    case 0:
        child_command(1, TRAWL_COMMAND_START, start_args("hold", "reject"));
        break;
    case 1:
        child_command(2, TRAWL_COMMAND_START, start_args("hold", "reject"));
        break;
    case 2:
        child_command(3, TRAWL_COMMAND_START, start_args("hodl", "reject"));
        break;
    case 3:
        child_command(4, TRAWL_COMMAND_START,
                      json_pack("{s:[s], s:{s:{s:i}}}", "platforms", "quick", "options", "quick",
                                "secret", 1));
        break;
    case 4:
        child_command(5, TRAWL_COMMAND_START, start_args("hold", "queue"));
        break;
    case 5:
        child_command(6, TRAWL_COMMAND_CANCEL, json_pack("{s:i}", "run_id", 1));
        break;
    case 6:
        child_command(7, TRAWL_COMMAND_START, start_args("hold", "replace"));
        break;
    case 7:
        child_command(8, TRAWL_COMMAND_CANCEL, json_pack("{s:i}", "run_id", 99));
        break;
    case 8:
        child_command(9, "dance", json_object());
        break;
    case 9:
        child_command(10, TRAWL_COMMAND_MOVE, move_args("ssee", "refused", 1));
        break;
    default:
        if (answered <= MOVES_END)
            child_next_move(answered);
        else
            kill(getppid(), SIGTERM);
    }
}

static void child_on_reply(const json_t *reply)
{
    const json_t *result = json_object_get(reply, "result");
    const json_t *moves = json_object_get(result, "moves");
    const json_t *first = json_array_get(moves, 0);
    const json_t *last = json_array_get(moves, json_array_size(moves) - 1);
    json_int_t seq = trawl_json_int(reply, "seq", 0);

    if (moves)
        child_note("%d moves: %s %d … %s %d\n", (int)json_array_size(moves),
                   trawl_json_string(first, "reason", ""), (int)trawl_json_int(first, "count", 0),
                   trawl_json_string(last, "reason", ""), (int)trawl_json_int(last, "count", 0));
    else if (seq <= 10 || trawl_json_int(reply, "status", -1) != 0)
        child_note("%d %d %d %s\n", (int)seq, (int)trawl_json_int(reply, "status", -1),
                   (int)trawl_json_int(result, "run_id", 0),
                   trawl_json_string(result, "detail", "-"));
    child_next_command(seq);
}

/* --- the pusher ---------------------------------------------------------------------------------- */

static char *text_of(const json_t *value)
{
    return value ? trawl_json_text(value, TRAWL_JSON_SORTED) : trawl_xstrdup("null");
}

static void pusher_next_command(json_int_t answered)
{
    switch (answered) {
    case 0:
        child_command(1, TRAWL_COMMAND_CHAIN_SENT,
                      json_pack("{s:s, s:i, s:i}", "chain", "c", "seq", 3, "lost", 1));
        break;
    case 1:
        child_command(2, TRAWL_COMMAND_CHAIN_SENT,
                      json_pack("{s:s, s:i, s:i}", "chain", "live", "seq", 3, "lost", 0));
        break;
    case 2:
        child_command(3, TRAWL_COMMAND_DISABLE_TRANSPORT,
                      json_pack("{s:s, s:s}", "transport", "hook", "reason", "it says 410"));
        break;
    case 3:
        child_command(4, TRAWL_COMMAND_ENABLE_TRANSPORT, json_pack("{s:s}", "transport", "watch"));
        break;
    case 4: /* the next one finds what was saved */
        raise(SIGKILL);
        break;
    case 5:
        child_say(TRAWL_MSG_CHAINS, json_pack("{s:[{s:s}]}", "chains", "name", "c"));
        child_command(6, TRAWL_COMMAND_TRANSPORTS, json_object());
        break;
    default:
        kill(getppid(), SIGTERM);
    }
}

static void pusher_on_reply(const json_t *reply)
{
    const json_t *result = json_object_get(reply, "result");
    TRAWL_AUTO_FREE char *chains = text_of(json_object_get(result, "chains"));
    json_int_t seq = trawl_json_int(reply, "seq", 0);

    child_note("%d %d %s %s\n", (int)seq, (int)trawl_json_int(reply, "status", -1),
               trawl_json_string(result, "detail", "-"), chains);
    pusher_next_command(seq);
}

/* Notes which transports it is told of, and where its chains are. */
static void push_on_configure(const json_t *message)
{
    const json_t *transports = json_object_get(json_object_get(message, "config"), "transports");
    const json_t *places = json_object_get(message, "places");
    const json_t *disabled = json_object_get(message, "disabled");
    TRAWL_AUTO_FREE char *told = text_of(transports);
    TRAWL_AUTO_FREE char *at = text_of(places);
    TRAWL_AUTO_FREE char *off = text_of(disabled);

    child_say(TRAWL_MSG_SERVING, json_pack("{s:[]}", "transports"));
    child_note("%s: %s %s %s\n", places ? "pusher" : "gateway", told, at, off);
    if (places && json_object_size(disabled) > 0)
        child_command(5, TRAWL_COMMAND_ENABLE_TRANSPORT, json_pack("{s:s}", "transport", "hook"));
    else if (places)
        pusher_next_command(0);
}

static void child_on_frame(void *user, const struct trawl_frame *frame)
{
    json_auto_t *value = NULL;

    (void)user;
    (void)trawl_json_parse(frame->payload, frame->len, &value, NULL);
    switch (frame->type) {
    case TRAWL_MSG_JOB:
        child_on_job(value);
        break;
    case TRAWL_MSG_REQUESTS:
        if (frame->flags & TRAWL_FLAG_LAST)
            child_on_requests();
        break;
    case TRAWL_MSG_ACK:
        child_on_ack(trawl_json_int(value, "serial", 0));
        break;
    case TRAWL_MSG_FINISH:
        child.heard++;
        child_say_idle();
        break;
    case TRAWL_MSG_STOP:
        if (!child_plays("deaf"))
            child_say(TRAWL_MSG_STOPPED, json_object());
        break;
    case TRAWL_MSG_CONFIGURE:
        if (getenv(PUSH_VARIABLE)) {
            push_on_configure(value);
            break;
        }
        child_say(TRAWL_MSG_SERVING, json_pack("{s:[]}", "transports"));
        child_next_command(0);
        break;
    case TRAWL_MSG_REPLY:
        if (getenv(PUSH_VARIABLE))
            pusher_on_reply(value);
        else
            child_on_reply(value);
        break;
    case TRAWL_MSG_ENABLE:
        child_note("enable %s\n", trawl_json_string(value, "transport", ""));
        break;
    case TRAWL_MSG_DRAIN:
        exit(0);
    default:
        break;
    }
}

static void child_on_closed(void *user, int reason)
{
    (void)user;
    (void)reason;
    json_decref(child.job);
    exit(0);
}

static int child_main(void)
{
    static const struct trawl_channel_ops ops = {
        .on_frame = child_on_frame,
        .on_closed = child_on_closed,
    };

    if (trawl_child_begin("test-child") < 0 || uv_loop_init(&child.loop) < 0 ||
        trawl_channel_open(&child.loop, TRAWL_CHANNEL_FD, &ops, NULL, &child.channel) < 0)
        return 9;
    return uv_run(&child.loop, UV_RUN_DEFAULT);
}

/* --- a run --------------------------------------------------------------------------------------- */

struct seen {
    const char *interrupt_at; /* phase of a platform at which we tell ourselves to stop */
    unsigned log_lines;
    char phases[512]; /* of platforms, as they came, each change once */
    char message[256];
};

static void seen_on_event(void *user, uint32_t epoch, const struct trawl_event *event)
{
    struct seen *seen = user;
    json_auto_t *data = NULL;
    const char *phase;
    char entry[64];

    (void)epoch;
    seen->log_lines += event->type == TRAWL_EVENT_LOG;
    assert_int_equal(trawl_json_parse(event->data.ptr, event->data.len, &data, NULL), 0);
    phase = trawl_json_string(data, "phase", NULL);
    if (event->type != TRAWL_EVENT_PROGRESS || event->platform.len == 0 || !phase)
        return;
    snprintf(entry, sizeof(entry), "%.*s=%s ", (int)event->platform.len, event->platform.ptr,
             phase);
    if (!strstr(seen->phases, entry))
        strncat(seen->phases, entry, sizeof(seen->phases) - strlen(seen->phases) - 1);
    snprintf(seen->message, sizeof(seen->message), "%s", trawl_json_string(data, "message", ""));
    if (seen->interrupt_at && strcmp(phase, seen->interrupt_at) == 0) {
        seen->interrupt_at = NULL;
        kill(getpid(), SIGTERM);
    }
}

/* Run one platform that plays `script`; the exit code. */
static int play(const char *script, struct seen *seen)
{
    static const char *const names[] = {"one"};
    TRAWL_AUTO_FREE char *folder = NULL;
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    int64_t run_id = 0;
    int code;
    json_auto_t *root =
        json_pack("{s:{s:i, s:s}, s:{s:{s:s, s:{s:s}}}}", "workers", "restarts", 1, "grace",
                  "100ms", "platforms", "one", "plugin", "none", "options", "script", script);
    struct trawl_supervisor_options options = {
        .run_platforms = names,
        .run_platform_count = 1,
        .on_event = seen_on_event,
        .user = seen,
    };

    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    assert_int_equal(trawl_config_from_json(root, folder, &config, &errs), 0);
    options.config = config;
    options.data_folder = folder;
    code = trawl_supervisor_run(&options, &run_id, &errs);
    assert_int_equal(errs.count, 0);
    assert_int_equal(run_id, 1);
    trawl_config_destroy(config);
    trawl_fs_remove_folder(folder);
    return code;
}

static void run__completes(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("pages", &seen), 0);
    assert_string_equal(seen.phases,
                        "one=queued one=starting one=scraping one=storing one=completed ");
}

static void run__is_partial_where_a_page_was_given_up(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("partial", &seen), 3);
    assert_non_null(strstr(seen.phases, "one=partial"));
}

static void run__fails_where_the_scraper_cannot_start(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("refuse", &seen), 1);
    assert_non_null(strstr(seen.phases, "one=failed"));
    assert_string_equal(seen.message, "will not");
}

static void worker__is_replaced_when_it_dies(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("die once", &seen), 0);
    assert_int_equal(seen.log_lines, 1);
}

static void worker__is_given_up_when_it_dies_again(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("die", &seen), 1);
    assert_int_equal(seen.log_lines, 2);
    assert_non_null(strstr(seen.message, "given up after 1 restart"));
}

static void worker__is_replaced_when_it_sends_rubbish(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(play("rubbish", &seen), 0);
    assert_int_equal(seen.log_lines, 1);
}

static void page__with_an_old_lease_is_refused(void **state)
{
    struct seen seen = {0};

    (void)state;
    /* The first dies, the second sends with the first's lease, and there is no third. Of the first there is but the page of
     * start(), or its page as well, depending on how far it came. */
    assert_int_not_equal(play("old lease", &seen), 0);
    assert_non_null(strstr(seen.message, "old lease"));
}

static void signal__cancels_the_run(void **state)
{
    struct seen seen = {.interrupt_at = "scraping"};

    (void)state;
    assert_int_equal(play("hold", &seen), 130);
    assert_non_null(strstr(seen.phases, "one=cancelled"));
}

static void signal__does_not_wait_longer_than_the_grace(void **state)
{
    struct seen seen = {.interrupt_at = "scraping"};

    (void)state;
    assert_int_equal(play("deaf", &seen), 130);
    assert_non_null(strstr(seen.phases, "one=cancelled"));
}

/* --- a server ------------------------------------------------------------------------------------ */

static void commands__are_answered(void **state)
{
    static const char expected[] =
        "1 0 1 -\n"
        "2 409 1 Platform 'hold' is running already\n"
        "3 422 0 There is no platform 'hodl'; did you mean 'hold'?\n"
        "4 422 0 Platform 'quick' does not list 'secret' as overridable\n"
        "5 0 2 -\n"
        "6 0 1 -\n"
        "7 0 3 -\n"
        "8 404 0 There is no run 99\n"
        "9 400 0 There is no command 'dance'\n"
        "10 422 0 There is no transport 'ssee'; did you mean 'sse'?\n"
        "257 moves: reason 10 6 … other 43\n";
    TRAWL_AUTO_FREE char *folder = NULL;
    TRAWL_AUTO_FREE char *notes = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    struct seen seen = {0};
    int64_t run_id = 0;
    size_t len = 0;
    json_auto_t *root = json_pack("{s:{s:[s]}, s:{s:{s:s, s:{s:s}}, s:{s:s}}}", "server", "listen",
                                  "127.0.0.1:0", "platforms", "hold", "plugin", "none", "options",
                                  "script", "hold", "quick", "plugin", "none");
    struct trawl_supervisor_options options = {
        .serve = true, .on_event = seen_on_event, .user = &seen};

    (void)state;
    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    notes = trawl_fs_join(folder, "notes");
    setenv(NOTES_VARIABLE, notes, 1);
    assert_int_equal(trawl_config_from_json(root, folder, &config, &errs), 0);
    options.config = config;
    options.data_folder = folder;
    assert_int_equal(trawl_supervisor_run(&options, &run_id, &errs), 0);
    assert_int_equal(trawl_fs_read(notes, 10000, &text, &len), 0);
    assert_string_equal(text, expected);
    assert_non_null(strstr(seen.phases, "hold=cancelled"));
    assert_non_null(
        strstr(seen.phases, "hold=interrupted")); /* the last, by the end of the server */
    trawl_config_destroy(config);
    trawl_fs_remove_folder(folder);
}

/* Lines that one process has noted, in their order: two write to one file. */
static void expect_notes(const char *notes, const char *who, const char *expected)
{
    struct trawl_buf found;
    const char *end;

    trawl_buf_init(&found, 10000);
    for (const char *line = notes; (end = strchr(line, '\n')); line = end + 1) {
        if ((strncmp(line, "gateway", 7) == 0) == (strcmp(who, "gateway") == 0))
            trawl_buf_append(&found, line, (size_t)(end - line) + 1);
    }
    assert_string_equal(trawl_buf_text(&found), expected);
    trawl_buf_finish(&found);
}

static void pusher__saves_places_and_alone_learns_secrets(void **state)
{
    static const char pushing[] =
        "pusher: "
        "{\"hook\":{\"options\":{\"secret\":\"s3cret\"},\"plugin\":\"hook\",\"plugin_file\":\"/"
        "hook.so\",\"required\":false,\"stall_timeout\":300000},\"lost\":{}} ";
    TRAWL_AUTO_FREE char *folder = NULL;
    TRAWL_AUTO_FREE char *notes = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    TRAWL_AUTO_FREE char *expected =
        trawl_xasprintf("%s{\"c\":{\"lost\":0,\"seq\":0}} {}\n"
                        "1 0 - null\n2 400 There is no such chain or place null\n3 0 - null\n"
                        "4 404 There is no transport 'watch' that is disabled or left out null\n"
                        "%s{\"c\":{\"lost\":1,\"seq\":3}} {\"hook\":\"it says 410\"}\n"
                        "enable hook\n5 0 - null\n6 0 - [{\"name\":\"c\"}]\n",
                        pushing, pushing);
    json_auto_t *plugins = json_pack("[{s:s, s:b}, {s:s, s:b}]", "file", "/hook.so", "pushes", 1,
                                     "file", "/watch.so", "pushes", 0);
    json_auto_t *root =
        json_pack("{s:{s:[s]}, s:{s:{s:{s:s}}, s:{}, s:{s:{s:s}}}, s:{s:{s:[s]}, s:{s:[s, s]}}}",
                  "server", "listen", "127.0.0.1:0", "transports", "hook", "options", "secret",
                  "s3cret", "watch", "lost", "options", "secret", "h1dden", "chains", "live",
                  "order", "watch", "c", "order", "hook", "lost");
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    struct seen seen = {0};
    int64_t run_id = 0;
    size_t len = 0;
    struct trawl_supervisor_options options = {
        .serve = true, .on_event = seen_on_event, .user = &seen, .plugins = plugins};
    json_t *transports;

    (void)state;
    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    notes = trawl_fs_join(folder, "notes");
    setenv(NOTES_VARIABLE, notes, 1);
    setenv(PUSH_VARIABLE, "1", 1);
    assert_int_equal(trawl_config_from_json(root, folder, &config, &errs), 0);
    transports = json_object_get(config->root, "transports");
    /* As the inspection leaves it; of "lost" nothing is known. */
    json_object_set_new(json_object_get(transports, "hook"), "plugin_file",
                        json_string("/hook.so"));
    json_object_set_new(json_object_get(transports, "watch"), "plugin_file",
                        json_string("/watch.so"));
    options.config = config;
    options.data_folder = folder;
    assert_int_equal(trawl_supervisor_run(&options, &run_id, &errs), 0);
    unsetenv(PUSH_VARIABLE);
    assert_int_equal(trawl_fs_read(notes, 10000, &text, &len), 0);
    expect_notes(text, "pusher", expected);
    expect_notes(text, "gateway",
                 "gateway: {\"watch\":{\"options\":{},\"plugin\":\"watch\",\"plugin_file\":\"/"
                 "watch.so\",\"required\":false,\"stall_timeout\":300000}} null null\n");
    trawl_config_destroy(config);
    trawl_fs_remove_folder(folder);
}

static void serve__says_all_that_keeps_it_from_starting(void **state)
{
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    int64_t run_id = 0;
    json_auto_t *root =
        json_pack("{s:{s:[s, s]}}", "server", "listen", "127.0.0.1:x", "192.0.2.1:1");
    struct trawl_supervisor_options options = {.serve = true, .data_folder = "/dev/null/data"};

    (void)state;
    assert_int_equal(trawl_config_from_json(root, "/", &config, &errs), 0);
    options.config = config;
    assert_int_equal(trawl_supervisor_run(&options, &run_id, &errs), 1);
    assert_int_equal(errs.count, 3);
    assert_string_equal(errs.errs[0].where, "server.listen[0]");
    assert_string_equal(errs.errs[1].where, "server.listen[1]");
    trawl_errlist_finish(&errs);
    trawl_config_destroy(config);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run__completes),
        cmocka_unit_test(run__is_partial_where_a_page_was_given_up),
        cmocka_unit_test(run__fails_where_the_scraper_cannot_start),
        cmocka_unit_test(worker__is_replaced_when_it_dies),
        cmocka_unit_test(worker__is_given_up_when_it_dies_again),
        cmocka_unit_test(worker__is_replaced_when_it_sends_rubbish),
        cmocka_unit_test(page__with_an_old_lease_is_refused),
        cmocka_unit_test(signal__cancels_the_run),
        cmocka_unit_test(signal__does_not_wait_longer_than_the_grace),
        cmocka_unit_test(commands__are_answered),
        cmocka_unit_test(pusher__saves_places_and_alone_learns_secrets),
        cmocka_unit_test(serve__says_all_that_keeps_it_from_starting),
    };

    if (argc > 1 && strncmp(argv[1], "--role=", 7) == 0)
        return child_main();
    trawl_log_set_level(TRAWL_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
