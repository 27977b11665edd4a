#include "gateway/problem.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

void problem_respond_with(struct trawl_http_conn *http, int status, const char *detail,
                          const json_t *members, const struct trawl_http_header *headers)
{
    json_auto_t *problem = json_pack("{s:s, s:s, s:i, s:s*}", "type", "about:blank", "title",
                                     trawl_http_reason(status), "status", status, "detail", detail);
    TRAWL_AUTO_FREE char *text = NULL;

    if (members)
        json_object_update(problem, (json_t *)(uintptr_t)members);
    text = trawl_json_text(problem, TRAWL_JSON_COMPACT);
    trawl_http_respond(http, status, "application/problem+json", headers, text, strlen(text));
}

void problem_respond(struct trawl_http_conn *http, int status, const char *detail,
                     const json_t *members)
{
    problem_respond_with(http, status, detail, members, NULL);
}
