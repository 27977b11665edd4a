#include "supervisor/commands.h"

#include <stdarg.h>
#include <string.h>

#include "ipc/commands.h"
#include "util/alloc.h"
#include "util/log.h"

void trawl__command_refuse(trawl_command_done *done, void *user, int status, const char *title,
                           const char *format, ...)
{
    json_auto_t *problem = NULL;
    char detail[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    problem = json_pack("{s:s, s:s}", "title", title, "detail", detail);
    done(user, status, problem);
}

void trawl__command(struct trawl_supervisor *supervisor, const char *name, const json_t *args,
                    trawl_command_done *done, void *user)
{
    char room[64];

    if (strcmp(name, TRAWL_COMMAND_START) == 0)
        trawl__command_start(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_CANCEL) == 0)
        trawl__command_cancel(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_RESUME) == 0)
        trawl__command_resume(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_PAUSE_SCHEDULE) == 0)
        trawl__command_pause_schedule(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_RESUME_SCHEDULE) == 0)
        trawl__command_resume_schedule(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_MOVE) == 0)
        trawl__command_move(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_WATCHERS) == 0)
        trawl__command_watchers(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_TRANSPORTS) == 0)
        trawl__command_transports(supervisor, done, user);
    else if (strcmp(name, TRAWL_COMMAND_ENABLE_TRANSPORT) == 0)
        trawl__command_enable_transport(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_DISABLE_TRANSPORT) == 0)
        trawl__command_disable_transport(supervisor, args, done, user);
    else if (strcmp(name, TRAWL_COMMAND_CHAIN_SENT) == 0)
        trawl__command_chain_sent(supervisor, args, done, user);
    else
        trawl__command_refuse(done, user, 400, "Unknown command", "There is no command '%s'",
                              trawl_log_quote(room, sizeof(room), name));
}
