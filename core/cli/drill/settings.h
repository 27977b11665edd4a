/* The drill's private configuration: of the user's it has the transports and the order of the live chain, the plugins' folders and
 * the server's sizes; all else is the drill's own.
 */
#ifndef TRAWL_CLI_DRILL_SETTINGS_H
#define TRAWL_CLI_DRILL_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "config/config.h"

/* So that a fault is over in seconds. */
#define DRILL_HEARTBEAT   "500ms"
#define DRILL_RETRY_AFTER "1s"
#define DRILL_FAILURES    3

/* Whether the server has a webhook to bring events with. `config` may be NULL. */
bool drill_settings_has_webhook(const struct trawl_config *config);

/* `config`: the user's, or NULL for the defaults. `data` is the folder of the store, `site` the first page to scrape, `webhook` the
 * receiver's URL or NULL. New reference, to be written to a file as it is. */
json_t *drill_settings_make(const struct trawl_config *config, const char *data, const char *site,
                            const char *webhook);

#endif
