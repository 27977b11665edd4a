/* The drill: a server of its own with a run that does not end, clients by every transport of the live chain, and one fault after
 * the other. Everything happens on one loop.
 */
#ifndef TRAWL_CLI_DRILL_DRILL_H
#define TRAWL_CLI_DRILL_DRILL_H

#include <stdbool.h>

#include "config/config.h"

struct drill_options {
    const struct trawl_config *config; /* the user's; NULL: the defaults */
    bool json;
    bool show_log; /* of the server, on standard error, whatever happens; else only if it fails */
};

/* Hold the drill and print what became of it; an exit code. Nothing is left of it, also when it is interrupted. */
int drill_hold(const struct drill_options *options);

#endif
