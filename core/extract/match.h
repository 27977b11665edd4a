/* What CSS asks of an element, apart from where it stands: shared by the functions of XPath, which ask a tree, and by
 * plan_select.c, which asks while the page is read. */
#ifndef TRAWL_EXTRACT_MATCH_H
#define TRAWL_EXTRACT_MATCH_H

#include <stdbool.h>

/* [attribute op value], with op as in CSS: '=', '~', '|', '^', '$', '*'. A class is '~'. */
bool trawl__match_attribute(const char *text, char op, const char *value, bool ignore_case);

/* Is `place` (from 1) one of an + b, n = 0, 1, 2 …? */
bool trawl__match_nth(long place, long step, long offset);

#endif
