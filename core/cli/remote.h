/* What the commands share that ask a running server: where it is, what it refused, waiting for a run. */
#ifndef TRAWL_CLI_REMOTE_H
#define TRAWL_CLI_REMOTE_H

#include "cli/client.h"

/* The server to ask: `server` (--server), else the first address of the configuration (`config`: --config), else
 * 127.0.0.1:8080. Returns TRAWL_EXIT_COMPLETED and a client, or an exit code after saying why. */
int trawl_remote_connect(const char *server, const char *config, struct trawl_client **ret_client);

/* Ask for something by GET or by POST. TRAWL_EXIT_COMPLETED and the answer (new reference), or an exit code after saying, as `command`,
 * why not. */
int trawl_remote_get(struct trawl_client *client, const char *command, const char *path,
                     json_t **ret_answer);
int trawl_remote_post(struct trawl_client *client, const char *command, const char *path,
                      const json_t *body, json_t **ret_answer);

/* Wait until the run is over; its exit code. A server that does not answer, and a run that stays interrupted, are waited for
 * as long as a restart may take. */
int trawl_remote_wait(struct trawl_client *client, const char *command, json_int_t run_id);

#endif
