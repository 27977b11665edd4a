#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "config/options.h"
#include "util/alloc.h"
#include "util/json.h"

static void options_set__builds_up_an_object(void **state)
{
    static const char *const assignments[] = {
        "start=http://a.example/?x=1",
        "follow=a",
        "fields.title=title",
        "fields.h1=h1",
        "follow=area",
        "max=12",
        "on=true",
        "digits=\"5\"",
        "empty=",
        "list=[1,2]",
        "list=3",
        "group={\"a\":{}}",
        "group.a.b=null",
        "text=not { json",
    };
    json_t *object = json_object();
    char *text;

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(assignments); i++)
        assert_int_equal(trawl_options_set(object, assignments[i], NULL), 0);
    text = trawl_json_text(object, TRAWL_JSON_COMPACT);
    assert_string_equal(text, "{\"start\":\"http://a.example/?x=1\",\"follow\":[\"a\",\"area\"],"
                              "\"fields\":{\"title\":\"title\",\"h1\":\"h1\"},\"max\":12,"
                              "\"on\":true,\"digits\":\"5\",\"empty\":\"\",\"list\":[1,2,3],"
                              "\"group\":{\"a\":{\"b\":null}},\"text\":\"not { json\"}");
    free(text);
    json_decref(object);
}

static void options_set__refuses_what_is_no_assignment(void **state)
{
    static const char *const wrong[] = {"",     "a",      "=b",        ".a=b",
                                        "a.=b", "a..b=c", "taken.b=c", "a=\xff\xfe"};
    json_t *object = json_pack("{s:i}", "taken", 1);

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++) {
        struct trawl_err err = {0};

        assert_int_equal(trawl_options_set(object, wrong[i], &err), -EINVAL);
        assert_true(err.message[0] != '\0');
    }
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_set__builds_up_an_object),
        cmocka_unit_test(options_set__refuses_what_is_no_assignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
