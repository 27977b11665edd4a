/* Any bytes as a configuration: it is resolved, or there is a mistake with a sentence. And any JSON as the option table of a
 * plugin, which an inspector that went wrong might send. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/options.h"
#include "util/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(const json_t *root)
{
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;
    int r = trawl_config_from_json(root, "/", &config, &errs);

    if ((r == 0) != (config != NULL) || (r == 0) != (errs.count == 0))
        abort();
    for (size_t i = 0; i < errs.count; i++) {
        if (!errs.errs[i].message[0])
            abort();
    }
    trawl_errlist_finish(&errs);
    trawl_config_destroy(config);
}

static void check_table(const json_t *json)
{
    struct trawl_option *table = trawl_options_from_json(json);
    struct trawl_errlist errs = {0};
    struct trawl_buf buf;

    if (!table)
        return;
    trawl_buf_init(&buf, 1 << 20);
    (void)trawl_options_describe(table, &buf);
    trawl_buf_finish(&buf);
    json_decref(trawl_options_schema(table));
    json_decref(trawl_options_resolve(table, NULL, "", &errs));
    trawl_errlist_finish(&errs);
    trawl_options_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *value = NULL;

    if (trawl_json_parse((const char *)data, size, &value, NULL) < 0)
        return 0;
    check_config(value);
    check_table(value);
    json_decref(value);
    return 0;
}
