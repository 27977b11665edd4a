/* Extraction plans: rules compiled once, run over a page's bytes to give items and links (docs/extraction.md).
 *
 * How a plan is run is this room's own matter: no tree is shown to anyone.
 */
#ifndef TRAWL_EXTRACT_PLAN_H
#define TRAWL_EXTRACT_PLAN_H

#include <jansson.h>
#include <stddef.h>

#include "trawl/err.h"
#include "trawl/option.h"
#include "trawl/scraper.h"

/* Process-wide: libxml2's allocator and parser are set up. Before any thread, once. */
void trawl_extract_init(void);

/* What a rules object may hold: the html plugin's table is made of it. */
extern const struct trawl_option trawl_plan_table[];

/* `rules` were resolved against trawl_plan_table. A bad selector, pattern or jq program: -EINVAL with the rule's path and
 * the place in it. */
int trawl_plan_compile(const json_t *rules, struct trawl_plan **ret_plan, struct trawl_err *err);

/* 0, or -EINVAL with the rule that failed on this page, or the sink's error. Broken HTML is read as far as it goes; a
 * response that says that it is no text (an image, an archive) gives nothing. */
int trawl_plan_run(struct trawl_plan *plan, const struct trawl_response *response,
                   const struct trawl_sink *sink, struct trawl_err *err);

/* How many rows of the last run were left out because a field of their key was empty. */
size_t trawl_plan_skipped(const struct trawl_plan *plan);

void trawl_plan_free(struct trawl_plan *plan);

#endif
