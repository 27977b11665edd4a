/* Figures over time. */
#include <errno.h>

#include "gateway/api/api.h"
#include "util/clock.h"
#include "util/json.h"

#define DAYS_DEFAULT 14
#define DAYS_MAX     366

int api_days(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    const char *text = query_get(&request->query, "days");
    json_auto_t *answer = NULL;
    long long count = DAYS_DEFAULT;
    json_t *days;
    int r;

    if (text && (query_number(text, DAYS_MAX, &count) < 0 || count == 0))
        return trawl_err_set(err, -EINVAL, "days", "expected a whole number from 1 to %d",
                             DAYS_MAX);
    r = trawl_reader_days(reader, trawl_now_ms(), (unsigned)count, &days, err);
    if (r < 0)
        return r;
    answer = json_pack("{s:o}", "days", days);
    return trawl_json_write(&request->body, answer, TRAWL_JSON_COMPACT);
}
