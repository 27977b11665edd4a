/* A configuration made ready for the supervisor: every plugin in it inspected, every mistake said at once. */
#ifndef TRAWL_CLI_PREPARE_H
#define TRAWL_CLI_PREPARE_H

#include <jansson.h>

#include "config/config.h"

struct trawl_cli_prepared {
    struct trawl_config *config; /* owned */
    json_t *written;             /* {platform: options as they were written} */
    json_t *plugins;
    json_t *broken; /* transports that are left out, with the reason */
};

/* What the command line changes in a configuration before its plugins are inspected. TRAWL_EXIT_COMPLETED, or another exit
 * code after saying why. */
typedef int trawl_cli_adjust(void *user, struct trawl_config *config);

/* Find, load, adjust and inspect. Returns TRAWL_EXIT_COMPLETED, or another code after saying all that is wrong. */
int trawl_cli_prepare_file(const char *given, trawl_cli_adjust *adjust, void *user,
                           struct trawl_cli_prepared *ret_prepared);

/* The same for one that is in memory. Takes `config` over, also on failure. */
int trawl_cli_prepare(struct trawl_config *config, struct trawl_cli_prepared *ret_prepared);

void trawl_cli_prepared_finish(struct trawl_cli_prepared *prepared);

#endif
