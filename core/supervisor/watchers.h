/* The command `watchers`: who is connected to any of the gateways, asked of all of them at once.
 */
#ifndef TRAWL_SUPERVISOR_WATCHERS_H
#define TRAWL_SUPERVISOR_WATCHERS_H

#include <jansson.h>

#include "supervisor/supervisor_priv.h"

/* A gateway that does not answer by then, as it has died, is left out. */
#define TRAWL_WATCHERS_WAIT_MS 2000

/* A gateway has answered. */
void trawl__watchers_on_list(struct trawl_supervisor *supervisor, const json_t *list);

#endif
