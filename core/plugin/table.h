/* Copying the option tables of a plugin, whose build may have known a shorter or longer struct trawl_option. */
#ifndef TRAWL_PLUGIN_TABLE_H
#define TRAWL_PLUGIN_TABLE_H

#include <stddef.h>

#include "trawl/err.h"
#include "trawl/option.h"

/* Bytes of struct trawl_option in ABI 1.0: no plugin's is smaller. */
#define TRAWL_OPTION_BYTES_MIN (offsetof(struct trawl_option, help) + sizeof(const char *))

/* Copy `table` (entries of `stride` bytes, up to TRAWL_OPTION_END) and all tables below it. Strings stay the plugin's.
 * A table that makes no sense is -EINVAL with the option's path in the sentence. */
int trawl__table_copy(const struct trawl_option *table, size_t stride,
                      struct trawl_option **ret_copy, struct trawl_err *err);
void trawl__table_free(struct trawl_option *table);

#endif
