/* Commands (ipc/commands.h), whoever gives them: a gateway, or `trawl run`. */
#ifndef TRAWL_SUPERVISOR_COMMANDS_H
#define TRAWL_SUPERVISOR_COMMANDS_H

#include <jansson.h>

#include "supervisor/supervisor_priv.h"

/* Called once, now or later. `status` is 0, or that of the problem that `result` (borrowed) describes. */
typedef void trawl_command_done(void *user, int status, const json_t *result);

void trawl__command(struct trawl_supervisor *supervisor, const char *name, const json_t *args,
                    trawl_command_done *done, void *user);

/* commands_start.c, commands_cancel.c, commands_resume.c, commands_moves.c */
void trawl__command_start(struct trawl_supervisor *supervisor, const json_t *args,
                          trawl_command_done *done, void *user);
void trawl__command_cancel(struct trawl_supervisor *supervisor, const json_t *args,
                           trawl_command_done *done, void *user);
void trawl__command_move(struct trawl_supervisor *supervisor, const json_t *args,
                         trawl_command_done *done, void *user);
void trawl__command_transports(struct trawl_supervisor *supervisor, trawl_command_done *done,
                               void *user);
void trawl__command_enable_transport(struct trawl_supervisor *supervisor, const json_t *args,
                                     trawl_command_done *done, void *user);
void trawl__command_disable_transport(struct trawl_supervisor *supervisor, const json_t *args,
                                      trawl_command_done *done, void *user);
void trawl__command_chain_sent(struct trawl_supervisor *supervisor, const json_t *args,
                               trawl_command_done *done, void *user);

void trawl__command_resume(struct trawl_supervisor *supervisor, const json_t *args,
                           trawl_command_done *done, void *user);

/* commands_schedules.c */
void trawl__command_pause_schedule(struct trawl_supervisor *supervisor, const json_t *args,
                                   trawl_command_done *done, void *user);
void trawl__command_resume_schedule(struct trawl_supervisor *supervisor, const json_t *args,
                                    trawl_command_done *done, void *user);

/* Start a platform for a due time of its schedule, which the store deals with in the same transaction: also where the answer
 * is 409. */
void trawl__start_due(struct trawl_supervisor *supervisor, const char *platform,
                      enum trawl_overlap overlap, int64_t due_ms, trawl_command_done *done,
                      void *user);

/* Take up these runs, which an earlier server left interrupted. */
void trawl__resume_all(struct trawl_supervisor *supervisor, const int64_t *run_ids, size_t count);

/* gateways.c: how many follow, over each transport. */
void trawl__command_watchers(struct trawl_supervisor *supervisor, const json_t *args,
                             trawl_command_done *done, void *user);

/* Answer with a problem. */
void trawl__command_refuse(trawl_command_done *done, void *user, int status, const char *title,
                           const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
