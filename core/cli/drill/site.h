/* The site that the drill scrapes: pages without end, each with some items and a link to the next one, until it is told to come to
 * its end. */
#ifndef TRAWL_CLI_DRILL_SITE_H
#define TRAWL_CLI_DRILL_SITE_H

#include <uv.h>

#include "trawl/err.h"

struct drill_site;

int drill_site_create(uv_loop_t *loop, struct drill_site **ret_site, struct trawl_err *err);

/* Of its first page; borrowed. */
const char *drill_site_url(const struct drill_site *site);

/* From now on no page links to another, so a run over it ends. */
void drill_site_end(struct drill_site *site);

/* Close and free. NULL is fine. */
void drill_site_close(struct drill_site *site);

#endif
