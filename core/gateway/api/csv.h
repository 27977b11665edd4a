/* Items as CSV (RFC 4180). The columns are the union of all rows' fields, so a first pass collects them. */
#ifndef TRAWL_GATEWAY_API_CSV_H
#define TRAWL_GATEWAY_API_CSV_H

#include <stddef.h>

#include "store/reader.h"
#include "util/buf.h"

/* Fields of one table; a spreadsheet shows no more, and what has more of them is no table. */
#define CSV_COLUMNS_MAX 4096

struct csv_columns {
    char **names;
    size_t count;
    size_t room;
};

void csv_columns_finish(struct csv_columns *columns);

/* Add the fields of one item, in the order in which they are met. 0, -E2BIG past the limit, -EINVAL for what is no object. */
int csv_columns_add(struct csv_columns *columns, const char *json);

/* One value, quoted where it has to be. */
int csv_append_field(struct trawl_buf *buf, const char *text, size_t len);

int csv_append_head(struct trawl_buf *buf, const struct csv_columns *columns);
int csv_append_row(struct trawl_buf *buf, const struct csv_columns *columns,
                   const struct trawl_item_row *row);

#endif
