/* Schedules: how far they have come is in the store, when they are due next is worked out here. */
#include "config/schedule.h"
#include "gateway/api/api.h"
#include "ipc/commands.h"
#include "util/clock.h"
#include "util/json.h"

/* Next times that are told of each schedule. */
#define NEXT_COUNT 5

/* Before jitter, after `after_ms`. */
static json_t *next_times(const json_t *schedule, int64_t after_ms)
{
    json_t *times = json_array();
    struct trawl_timing timing;

    if (trawl_timing_parse(schedule, &timing, NULL) < 0)
        return times;
    for (int i = 0; i < NEXT_COUNT; i++) {
        char stamp[TRAWL_TIMESTAMP_SIZE];

        after_ms = trawl_cron_next(&timing.cron, timing.zone, after_ms);
        if (after_ms == TRAWL_CRON_NEVER)
            break;
        trawl_timestamp(stamp, after_ms);
        json_array_append_new(times, json_string(stamp));
    }
    trawl_timing_finish(&timing);
    return times;
}

int api_schedules(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    json_auto_t *answer = NULL;
    int64_t now_ms = trawl_now_ms();
    json_t *schedules;
    json_t *schedule;
    size_t i;
    int r;

    r = trawl_reader_schedules(reader, &schedules, err);
    if (r < 0)
        return r;
    json_array_foreach (schedules, i, schedule) {
        int64_t due_ms = trawl_json_int(schedule, "due_ms", 0);

        json_object_set_new(schedule, "next",
                            next_times(schedule, due_ms > now_ms ? due_ms : now_ms));
        json_object_del(schedule, "due_ms");
    }
    answer = json_pack("{s:o}", "schedules", schedules);
    return trawl_json_write(&request->body, answer, TRAWL_JSON_COMPACT);
}

static void on_changed(void *user, int status, const json_t *result)
{
    struct api_request *request = user;

    if (api_command_worked(request, status, result))
        api_respond_json(request, 200, result);
}

static void change(struct api_request *request, const char *command)
{
    const char *platform = query_get(&request->path, "platform");

    api_command(request, command, json_pack("{s:s}", "platform", platform), on_changed);
}

void api_pause_schedule(struct api_request *request)
{
    change(request, TRAWL_COMMAND_PAUSE_SCHEDULE);
}

void api_resume_schedule(struct api_request *request)
{
    change(request, TRAWL_COMMAND_RESUME_SCHEDULE);
}
