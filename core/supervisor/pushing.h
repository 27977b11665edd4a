/* Pushing chains, as far as the supervisor knows them: their places in the journal, which the store keeps, and what their
 * process tells of them. The process itself is one of the gateways (gateways.c).
 */
#ifndef TRAWL_SUPERVISOR_PUSHING_H
#define TRAWL_SUPERVISOR_PUSHING_H

#include "supervisor/supervisor_priv.h"
#include "util/errlist.h"

/* Read the places of the configured chains, before the store starts. */
int trawl__pushing_open(struct trawl_supervisor *supervisor, struct trawl_errlist *errs);
void trawl__pushing_free(struct trawl_supervisor *supervisor);

/* Whether there is a chain besides `live`. */
bool trawl__pushing_is_configured(const struct trawl_supervisor *supervisor);

/* What the process needs to know beyond a gateway's configuration. */
void trawl__pushing_configure(const struct trawl_supervisor *supervisor, json_t *configuration);

/* TRAWL_MSG_CHAINS. */
void trawl__pushing_on_chains(struct trawl_supervisor *supervisor, const json_t *message);

#endif
