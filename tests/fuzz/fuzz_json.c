/* Any bytes as JSON: no fault, and what is accepted reads back as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trawl_err err = {0};
    json_t *value = NULL;
    json_t *again = NULL;
    char *text;

    if (trawl_json_parse((const char *)data, size, &value, &err) < 0)
        return 0;
    text = trawl_json_text(value, TRAWL_JSON_COMPACT);
    if (trawl_json_parse(text, strlen(text), &again, &err) < 0)
        abort();
    if (!json_equal(value, again) ||
        !trawl_hash_equal(trawl_json_hash(value), trawl_json_hash(again)))
        abort();
    json_decref(again);
    json_decref(value);
    free(text);
    return 0;
}
