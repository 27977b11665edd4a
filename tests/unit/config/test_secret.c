#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/config_priv.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"

static void check(const struct trawl_config *config, const char *written, const char *expected)
{
    json_t *value = NULL, *shown;
    char *text;

    assert_int_equal(trawl_json_parse(written, strlen(written), &value, NULL), 0);
    shown = trawl_config_shown(config, value);
    text = trawl_json_text(shown, TRAWL_JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(shown);
    json_decref(value);
}

static void shown__what_is_no_secret(void **state)
{
    static const char *const plain[] = {
        "{\"start\":[\"https://a.org/x?page=1#top\"],\"follow\":[{\"select\":\"a[rel=next]\"}]}",
        "{\"key\":\"number\",\"author\":\"b\",\"keys\":[1,2.5,true,null],\"monkey\":\"m\"}",
        "{\"price\":{\"select\":\".cost\",\"jq\":\"ltrimstr(\\\"£\\\") | tonumber\"}}",
        "{\"stock\":\"capture(\\\"(?<n>[0-9]+)\\\").n // \\\"0\\\" | {id, at: .created_at}\"}",
        "{\"xpath\":\"//a[@href='http://x.org/@home']\",\"mail\":\"me@x.org\"}",
        "{\"headers\":{\"Accept-Language\":\"de\",\"user-agent\":\"me/1\"},\"user_agent\":\"u\"}",
        "{\"cookies\":true,\"token\":null}",
    };
    struct trawl_config config = {.root = NULL};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(plain); i++)
        check(&config, plain[i], plain[i]);
}

static void shown__names_that_say_secret(void **state)
{
    static const char *const names[] = {
        "password",      "Password2",      "db_passwd",  "api_key", "apiKey", "X-Api-Key",
        "token",         "access_token",   "csrf-token", "secret",  "auth",   "Authorization",
        "client_secret", "aws_access_key", "Cookie",     "cookies", "pwd",    "credentials"};
    struct trawl_config config = {.root = NULL};
    char written[128], expected[128];

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++) {
        snprintf(written, sizeof(written), "{\"a\":[{\"%s\":{\"b\":[\"s3\"]}}]}", names[i]);
        snprintf(expected, sizeof(expected), "{\"a\":[{\"%s\":\"***\"}]}", names[i]);
        check(&config, written, expected);
    }
}

static void shown__headers_that_are_known(void **state)
{
    struct trawl_config config = {.root = NULL};

    (void)state;
    check(&config,
          "{\"headers\":{\"Authorization\":\"s3\",\"Cookie\":\"s3\",\"X-Shop\":\"s3\","
          "\"Accept\":\"*/*\",\"Content-Type\":\"text/plain\"}}",
          "{\"headers\":{\"Authorization\":\"***\",\"Cookie\":\"***\",\"X-Shop\":\"***\","
          "\"Accept\":\"*/*\",\"Content-Type\":\"text/plain\"}}");
}

static void shown__urls_and_texts(void **state)
{
    static const struct {
        const char *written;
        const char *expected;
    } cases[] = {
        {"https://me:s3@a.org/x", "https://***@a.org/x"},
        {"socks5h://me:s@3@a.org:1080", "socks5h://***@a.org:1080"},
        {"https://a.org/@me?x=1", "https://a.org/@me?x=1"},
        {"https://a.org/?q=1&api_key=s3&page=2", "https://a.org/?q=1&api_key=***&page=2"},
        {"https://a.org/?key=s3#token=s3", "https://a.org/?key=***#token=***"},
        {"https://a.org/x;jsessionid=s3?a", "https://a.org/x;jsessionid=***?a"},
        {"/search?access_token=s3", "***"},
        {"curl https://me:s3@a.org/", "***"},
        {"Authorization: Bearer s3", "***"},
        {"user=me&password=s3", "***"},
        {"{\\\"user\\\": \\\"me\\\", \\\"password\\\" : \\\"s3\\\"}", "***"},
        {"tokens: 5 a page", "***"}, /* rather too much than too little */
    };
    struct trawl_config config = {.root = NULL};
    char written[256], expected[256];

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        snprintf(written, sizeof(written), "[\"%s\"]", cases[i].written);
        snprintf(expected, sizeof(expected), "[\"%s\"]", cases[i].expected);
        check(&config, written, expected);
    }
}

static void write_file(const char *folder, const char *name, const char *text)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Wherever they are, and whatever became of them. */
static void shown__secrets_of_files_and_variables(void **state)
{
    TRAWL_AUTO_FREE char *folder = NULL;
    TRAWL_AUTO_FREE char *file = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;
    json_t *p;

    (void)state;
    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    write_file(folder, "pin", "7312\n");
    write_file(folder, "empty", "");
    file = trawl_fs_join(folder, "trawl.json");
    setenv("TRAWL_TEST_TOKEN", "s3", 1);
    setenv("TRAWL_TEST_PLACE", "here", 1);
    text = trawl_xasprintf(
        "{\"platforms\": {\"p\": {\"plugin\": \"x\", \"options\": {\"a\": \"file://%s/pin\", "
        "\"b\": [\"Bearer ${TRAWL_TEST_TOKEN}\", \"${TRAWL_TEST_PLACE}\", "
        "\"${TRAWL_NO_TOKEN:-none}\"],"
        "\"c\": \"file://%s/empty\", \"d\": \"\"}, "
        "\"fetch\": {\"max_pages\": \"file://%s/pin\", \"concurrency\": 4}}}}",
        folder, folder, folder);
    write_file(folder, "trawl.json", text);
    assert_int_equal(trawl_config_load(file, &config, &errs), 0);
    p = trawl_config_platform(config, "p");
    json_array_append_new(json_object_get(json_object_get(p, "options"), "b"), json_integer(7312));
    free(text);
    text = trawl_json_text(json_object_get(p, "options"), TRAWL_JSON_COMPACT);
    check(config, text,
          "{\"a\":\"***\",\"b\":[\"***\",\"here\",\"none\",\"***\"],\"c\":\"\",\"d\":\"\"}");
    assert_int_equal(trawl_json_int(json_object_get(p, "fetch"), "max_pages", 0), 7312);
    check(config, "{\"max_pages\":7312,\"concurrency\":4}",
          "{\"max_pages\":\"***\",\"concurrency\":4}");
    trawl_config_destroy(config);
    trawl_fs_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown__what_is_no_secret),
        cmocka_unit_test(shown__names_that_say_secret),
        cmocka_unit_test(shown__headers_that_are_known),
        cmocka_unit_test(shown__urls_and_texts),
        cmocka_unit_test(shown__secrets_of_files_and_variables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
