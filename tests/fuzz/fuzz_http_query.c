/* Any query or path: no fault, decoded values are bounded by what came, and no static file's name leaves the folder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/query.h"
#include "gateway/static.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const char *path)
{
    char *file = static_file_of(path);

    if (file && (*file == '/' || *file == '.' || strstr(file, "/.") || strchr(file, '\\')))
        abort();
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = trawl_xstrndup((const char *)data, size);
    struct query query = {.count = 0};

    if (query_parse(text, &query) < 0 && query.count != 0)
        abort();
    for (size_t i = 0; i < query.count; i++) {
        if (strlen(query.params[i].name) + strlen(query.params[i].value) > size)
            abort();
    }
    query_finish(&query);
    if (!query_match_path("/api/scrape/runs/{id}/{part}", text, &query) && query.count != 0)
        abort();
    query_finish(&query);
    check_file(text);
    free(text);
    return 0;
}
