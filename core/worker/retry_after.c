#include "worker/retry_after.h"

#include <string.h>

#include <curl/curl.h>

static int64_t seconds_to_ms(const char *digits, size_t len)
{
    int64_t ms = 0;

    for (size_t i = 0; i < len && ms < TRAWL_RETRY_AFTER_MAX_MS; i++)
        ms = ms * 10 + (int64_t)(digits[i] - '0') * 1000;
    return ms < TRAWL_RETRY_AFTER_MAX_MS ? ms : TRAWL_RETRY_AFTER_MAX_MS;
}

int64_t trawl_retry_after_ms(const char *value, int64_t now_ms)
{
    size_t len;
    time_t date;

    value += strspn(value, " \t");
    len = strspn(value, "0123456789");
    if (len > 0 && value[len + strspn(value + len, " \t")] == '\0')
        return seconds_to_ms(value, len);
    /* curl knows the three forms of RFC 9110 section 5.6.7, and some more. */
    date = curl_getdate(value, NULL);
    if (date == -1)
        return TRAWL_RETRY_AFTER_NONE;
    if (date <= now_ms / 1000)
        return 0;
    if (date > (now_ms + TRAWL_RETRY_AFTER_MAX_MS) / 1000)
        return TRAWL_RETRY_AFTER_MAX_MS;
    return (int64_t)date * 1000 - now_ms;
}
