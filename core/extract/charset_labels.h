#ifndef TRAWL_EXTRACT_CHARSET_LABELS_H
#define TRAWL_EXTRACT_CHARSET_LABELS_H

#include <stddef.h>

/* The encoding that a label in a header or a page means, in the standard's canonical name in lower case; NULL if nobody
 * knows it. Static. */
const char *trawl__charset_by_label(const char *label, size_t len);

#endif
