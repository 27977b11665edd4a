#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/json.h"

static void check(const char *options, const char *expected)
{
    json_auto_t *value = NULL;
    json_auto_t *starts = NULL;
    TRAWL_AUTO_FREE char *text = NULL;

    assert_int_equal(trawl_json_parse(options, strlen(options), &value, NULL), 0);
    starts = trawl_config_starts(value);
    text = trawl_json_text(starts, TRAWL_JSON_COMPACT);
    assert_string_equal(text, expected);
}

static void starts__are_all_urls_wherever_they_stand(void **state)
{
    (void)state;
    check("{\"start\": \"HTTP://Example.org:80/a?b\"}", "[\"http://example.org/\"]");
    check("{\"start\": [\"https://a.org/\", {\"url\": \"https://u:p@b.org:8443\"}], \"x\": "
          "[[\"http://[::1]/\"]]}",
          "[\"https://a.org/\",\"https://b.org:8443/\",\"http://[::1]/\"]");
}

static void starts__come_once(void **state)
{
    (void)state;
    check("[\"http://a.org/1\", \"http://a.org/2\", \"http://A.org\"]", "[\"http://a.org/\"]");
}

static void starts__are_no_other_texts(void **state)
{
    (void)state;
    check("{\"jq\": \"\\\"http://10.0.0.1/\\\" + .id\", \"select\": \"a[href^='http://x.org']\", "
          "\"ftp\": \"ftp://c.org/\", \"path\": \"/x\", \"n\": 3, \"none\": null, \"file\": "
          "\"file:///x\"}",
          "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts__are_all_urls_wherever_they_stand),
        cmocka_unit_test(starts__come_once),
        cmocka_unit_test(starts__are_no_other_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
