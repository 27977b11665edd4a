/* The commands `pause_schedule` and `resume_schedule`. */
#include <errno.h>
#include <string.h>

#include "supervisor/commands.h"
#include "supervisor/schedules.h"
#include "util/alloc.h"
#include "util/json.h"

struct schedule_command {
    trawl_command_done *done;
    void *user;
    char *platform;
    bool pause;
};

static void schedule_command_free(struct schedule_command *command)
{
    free(command->platform);
    free(command);
}

static void schedule_command_on_stored(void *user, int status)
{
    struct schedule_command *command = user;
    json_auto_t *result =
        json_pack("{s:s, s:b}", "platform", command->platform, "paused", (int)command->pause);

    if (status < 0)
        trawl__command_refuse(command->done, command->user, 503, "Not stored",
                              "That could not be stored: %s", strerror(-status));
    else
        command->done(command->user, 0, result);
    schedule_command_free(command);
}

static void schedule_command(struct trawl_supervisor *supervisor, const json_t *args, bool pause,
                             trawl_command_done *done, void *user)
{
    struct schedule_command *command = TRAWL_NEW(struct schedule_command);
    char room[128];
    int r;

    *command = (struct schedule_command){
        .done = done,
        .user = user,
        .platform = trawl_xstrdup(trawl_json_string(args, "platform", "")),
        .pause = pause,
    };
    if (pause)
        r = trawl__schedule_pause(supervisor, command->platform, NULL, schedule_command_on_stored,
                                  command);
    else
        r = trawl__schedule_resume(supervisor, command->platform, schedule_command_on_stored,
                                   command);
    if (r == 0)
        return;
    trawl_log_quote(room, sizeof(room), command->platform);
    trawl__command_refuse(done, user, 404, "No such schedule",
                          "There is no schedule for a platform '%s'", room);
    schedule_command_free(command);
}

void trawl__command_pause_schedule(struct trawl_supervisor *supervisor, const json_t *args,
                                   trawl_command_done *done, void *user)
{
    schedule_command(supervisor, args, true, done, user);
}

void trawl__command_resume_schedule(struct trawl_supervisor *supervisor, const json_t *args,
                                    trawl_command_done *done, void *user)
{
    schedule_command(supervisor, args, false, done, user);
}
