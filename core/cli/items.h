/* Items as text: JSON lines and CSV. */
#ifndef TRAWL_CLI_ITEMS_H
#define TRAWL_CLI_ITEMS_H

#include <stdio.h>

#include "store/reader.h"
#include "util/buf.h"

/* Most of one line; an item is never larger than a page. */
#define TRAWL_ITEM_LINE_MAX (96u << 20)

/* The item's own fields, then _key and _url, and a line end. Its text is taken as it is: numbers stay what they were. */
int trawl_items_append_json(struct trawl_buf *buf, const struct trawl_item_row *item);

/* Write all items that the filter lets through (its `after` and `limit` are ours). 0, -EIO with `err`, or what writing
 * said. */
int trawl_items_write_jsonl(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                            FILE *to, struct trawl_err *err);

/* RFC 4180: a column for each field that any of the items has, in the order that they were met in, then _platform, _key and
 * _url. Two passes, so that no item is kept. */
int trawl_items_write_csv(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                          FILE *to, struct trawl_err *err);

#endif
