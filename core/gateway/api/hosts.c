/* Hosts: what was asked of them, and what they asked for. */
#include "gateway/api/api.h"
#include "util/json.h"

int api_hosts(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    struct trawl_host_filter filter = {.after = query_get(&request->query, "after"),
                                       .search = query_get(&request->query, "q")};
    json_auto_t *page = NULL;
    json_t *hosts = NULL;
    const char *next = NULL;
    size_t count;
    int r = api_limit(request, &filter.limit, err);

    if (r >= 0)
        r = trawl_reader_hosts(reader, &filter, &hosts, err);
    if (r < 0)
        return r;
    count = json_array_size(hosts);
    if (count == filter.limit)
        next = trawl_json_string(json_array_get(hosts, count - 1), "name", NULL);
    page = json_pack("{s:o, s:s?}", "hosts", hosts, "next", next);
    return trawl_json_write(&request->body, page, TRAWL_JSON_COMPACT);
}
