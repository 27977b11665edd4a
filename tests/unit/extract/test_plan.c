#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "both_ways.h"
#include "util/alloc.h"

static int on_refusing_item(void *user, const char *key, json_t *item)
{
    (void)user;
    (void)key;
    (void)item;
    return -E2BIG;
}

/* Run rules over a response: what was emitted, or "where: message". Borrowed until the next call. */
static const char *run_response(const char *rules_text, const struct trawl_response *response)
{
    json_auto_t *rules = fake_json(rules_text);
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    assert_non_null(rules);
    fake_reset();
    if (trawl_plan_compile(rules, &plan, &err) < 0)
        trawl_buf_printf(&fake_job.said, "%s: %s", err.where, err.message);
    else
        fake_plan_run_both_ways(plan, response);
    trawl_plan_free(plan);
    return trawl_buf_text(&fake_job.said);
}

static const char *run(const char *rules, const char *body)
{
    struct trawl_response response = fake_response("text/html", body);

    return run_response(rules, &response);
}

struct row {
    const char *rules;
    const char *body;
    const char *said;
};

static void check(const struct row *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *said = run(table[i].rules, table[i].body);
        if (strcmp(said, table[i].said) != 0)
            fail_msg("%s over %s gives\n%s, not\n%s", table[i].rules, table[i].body, said,
                     table[i].said);
    }
}

#define HERE "https://books.example/shop/list.html"

static void plan__makes_an_item_of_a_page(void **state)
{
    static const struct row table[] = {
        {"{'fields': {'t': 'h1'}}", "<h1> A \n <b>B</b>&nbsp;</h1>", HERE " {\"t\":\"A B\"}\n"},
        {"{'fields': {'t': 'h1', 'n': 'i'}}", "<h1>A</h1>", HERE " {\"t\":\"A\",\"n\":null}\n"},
        {"{'fields': {'z': 'b', 'a': 'i'}}", "<b>1</b><i>2</i>",
         HERE " {\"z\":\"1\",\"a\":\"2\"}\n"},
        {"{'fields': {'t': 'h1'}}", "<h2>A</h2>", ""},
        {"{'fields': {'t': 'h1'}}", "", ""},
        {"{'fields': {'t': {'select': 'i', 'all': true}}}", "<h2>A</h2>", ""},
        {"{'fields': {'t': 'h1'}, 'key': ['t']}", "<h1>A</h1>", "A {\"t\":\"A\"}\n"},
        {"{'fields': {'t': 'h1', 'u': 'h2'}, 'key': 't'}", "<h2>A</h2>", ""},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void plan__makes_an_item_of_each_row(void **state)
{
    static const struct row table[] = {
        {"{'rows': 'li', 'fields': {'t': 'b', 'n': 'i'}, 'key': ['t', 'n']}",
         "<li><b>a</b><i>1</i><li><b>b</b><i>2</i>",
         "a|1 {\"t\":\"a\",\"n\":\"1\"}\nb|2 {\"t\":\"b\",\"n\":\"2\"}\n"},
        {"{'rows': '//li', 'fields': {'t': './b', 'self': '.'}, 'key': 't'}", "<li><b>a</b> c</li>",
         "a {\"t\":\"a\",\"self\":\"a c\"}\n"},
        {"{'rows': 'li', 'fields': {'t': 'li::text', 'c': '::attr(class)'}, 'key': 't'}",
         "<ul><li class=x>a<li>b</ul>",
         "a {\"t\":\"a\",\"c\":\"x\"}\nb {\"t\":\"b\",\"c\":null}\n"},
        /* A row without a key is a heading or the like; a page of them is a mistake. */
        {"{'rows': 'li', 'fields': {'t': 'b', 'n': 'i'}, 'key': 't'}",
         "<li><i>1</i><li><b>b</b><li>empty", "b {\"t\":\"b\",\"n\":null}\n"},
        {"{'rows': 'li', 'fields': {'t': 'b', 'n': 'i'}, 'key': 't'}", "<li><i>1</i><li><i>2</i>",
         "key: none of the 2 rows of this page has a key"},
        {"{'rows': 'li', 'fields': {'t': 'b'}, 'key': 't'}", "<p>x", ""},
        {"{'rows': '//li/@class', 'fields': {'t': '.t'}, 'key': 't'}", "<li class=a>", ""},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
    assert_string_equal(
        run("{'rows': 'xpath:count(//li)', 'fields': {'t': 'b'}, 'key': 't'}", "<li>"),
        "rows: this XPath gives a value, not elements");
}

static void plan__takes_text_html_and_attributes(void **state)
{
    static const struct row table[] = {
        {"{'fields': {'v': 'p'}}", "<p>a<br>b<span>c</span>d<style>x{}</style></p>",
         HERE " {\"v\":\"a bcd\"}\n"},
        {"{'fields': {'v': 'div'}}", "<div><p>a</p><p>b</p><ul><li>c<li>d</ul></div>",
         HERE " {\"v\":\"a b c d\"}\n"},
        {"{'fields': {'v': 'script'}}", "<script>let a  = 1;</script>",
         HERE " {\"v\":\"let a = 1;\"}\n"},
        {"{'fields': {'v': {'select': 'p', 'get': 'html'}}}", "<p class=a>a<b>c</p>",
         HERE " {\"v\":\"<p class=\\\"a\\\">a<b>c</b></p>\"}\n"},
        {"{'fields': {'v': {'select': 'a', 'attr': 'title'}}}", "<a title=' x  y'>a</a>",
         HERE " {\"v\":\" x  y\"}\n"},
        {"{'fields': {'v': {'select': 'a', 'attr': 'href', 'url': true}}}", "<a href='../x'>a</a>",
         HERE " {\"v\":\"https://books.example/x\"}\n"},
        {"{'fields': {'v': {'select': 'a::attr(href)', 'url': true, 'all': true}}}",
         "<a href=1></a><a href='http://['></a><a href=' /2#x '></a>",
         HERE " {\"v\":[\"https://books.example/shop/1\",\"https://books.example/2\"]}\n"},
        {"{'fields': {'v': {'select': 'i', 'all': true}, 'w': 'b'}}", "<b>1</b>",
         HERE " {\"v\":[],\"w\":\"1\"}\n"},
        {"{'fields': {'n': 'xpath:count(//i)', 'b': 'xpath:boolean(//b)', 's': "
         "'xpath:string(//i)'}}",
         "<i>x</i><i>y</i>", HERE " {\"n\":2,\"b\":false,\"s\":\"x\"}\n"},
        {"{'fields': {'n': 'xpath:1 div 0', 'h': 'xpath:0.5'}}", "<i>",
         HERE " {\"n\":null,\"h\":0.5}\n"},
        {"{'fields': {'v': '//comment()'}}", "<!-- a  b --><p>", HERE " {\"v\":\"a b\"}\n"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void plan__transforms_by_jq(void **state)
{
    static const struct row table[] = {
        {"{'fields': {'p': {'select': 'b', 'jq': 'ltrimstr(\\u0022$\\u0022) | tonumber'}, 't': "
         "'i'}}",
         "<b>$19.99</b><i>x</i>", HERE " {\"p\":19.99,\"t\":\"x\"}\n"},
        {"{'fields': {'n': {'select': 'b', 'all': true, 'jq': 'length'}}}", "<b>1</b><b>2</b>",
         HERE " {\"n\":2}\n"},
        {"{'fields': {'n': {'select': 'b', 'jq': 'empty'}}}", "<b>1</b>", HERE " {\"n\":null}\n"},
        {"{'fields': {'n': {'select': 'b', 'jq': '., 2 # first'}}}", "<b>1</b>",
         HERE " {\"n\":\"1\"}\n"},
        {"{'fields': {'p p': {'select': 'b', 'jq': 'tonumber'}}}", "<b>x</b>",
         "fields: jq: field \"p p\": Invalid numeric literal at EOF at line 1, column 1 (while "
         "parsing 'x')"},
        {"{'rows': 'b', 'fields': {'n': {'select': '*', 'jq': 'tonumber'}}, 'key': 'n'}",
         "<b>1.0</b><b>2</b>", "1 {\"n\":1}\n2 {\"n\":2}\n"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void plan__follows_links(void **state)
{
    static const struct row table[] = {
        {"{'follow': 'a'}",
         "<a href=a>1</a><a href='a#x'>2</a><a href='/b?q=1'>3</a><a>4</a><a href=''>5</a>",
         "-> GET https://books.example/shop/a\n-> GET https://books.example/b?q=1\n"},
        {"{'follow': ['a']}",
         "<a href='mailto:x@y.z'></a><a href='JavaScript:f()'></a><a href='#top'></a>"
         "<a href='data:,x'></a><a href='tel:1'></a><a href='ftp://books.example/'></a>"
         "<a href='a:b'></a><a href='./a:b'></a><a href='HTTPS:/z'></a><a href='http//x'></a>",
         "-> GET https://books.example/shop/a:b\n-> GET https://books.example/z\n"
         "-> GET https://books.example/shop/http//x\n"},
        {"{'follow': 'a'}", "<a href='https://other.example/'></a><a href='//books.example/c'></a>",
         "-> GET https://books.example/c\n"},
        {"{'follow': {'select': 'a', 'same': 'any'}}", "<a href='https://other.example'></a>",
         "-> GET https://other.example/\n"},
        {"{'follow': {'select': 'a', 'same': 'domain'}}",
         "<a href='https://img.books.example/'></a><a href='https://other.test/'></a>",
         "-> GET https://img.books.example/\n"},
        {"{'follow': {'select': 'a', 'allow': ['/p/'], 'deny': ['[.]pdf$']}}",
         "<a href=/p/1></a><a href=/q/1></a><a href=/p/2.pdf></a>",
         "-> GET https://books.example/p/1\n"},
        {"{'follow': {'select': 'img', 'attr': 'src'}}", "<img src=i.png>",
         "-> GET https://books.example/shop/i.png\n"},
        {"{'follow': ['//a/@href', 'link']}", "<link href=l><a href=a></a><a href=l></a>",
         "-> GET https://books.example/shop/a\n-> GET https://books.example/shop/l\n"},
        {"{'follow': [{'select': 'a', 'deny': 'x$'}, {'select': 'a.y'}]}",
         "<a class=y href=x></a><a href=z></a>",
         "-> GET https://books.example/shop/z\n-> GET https://books.example/shop/x\n"},
        {"{'follow': 'a'}", "<head><base target=_top><base href='/deep/er/'></head><a href=a></a>",
         "-> GET https://books.example/deep/er/a\n"},
        {"{'follow': 'xpath:string(//a/@href)'}", "<a href=a></a>",
         "-> GET https://books.example/shop/a\n"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void plan__follows_no_deeper_than_told(void **state)
{
    struct trawl_response response = fake_response("text/html", "<a href=a></a><b><i href=b>");

    (void)state;
    response.depth = 1;
    assert_string_equal(
        run_response("{'follow': [{'select': 'a', 'depth': 1}, {'select': 'i', 'depth': 2}]}",
                     &response),
        "-> GET https://books.example/shop/b\n");
}

static void plan__says_which_rule_is_wrong(void **state)
{
    static const struct {
        const char *rules;
        const char *says;
    } table[] = {
        {"{}", "fields: neither fields nor links"},
        {"{'rows': 'li', 'fields': {'a': 'b'}}", "key: a page with rows has many items"},
        {"{'rows': 'li', 'key': []}", "fields: rows without fields"},
        {"{'rows': 'li[', 'fields': {'a': 'b'}, 'key': 'a'}", "rows: character 4 "},
        {"{'fields': {'a': 'b'}, 'key': ['c']}", "key: there is no field 'c'"},
        {"{'fields': {'a': 'b >'}}", "fields.a.select: character 4 "},
        {"{'fields': {'a': {}}}", "fields.a.select: a selector is needed"},
        {"{'fields': {'a': {'select': 'b', 'get': 'attr'}}}", "fields.a.get: say which"},
        {"{'fields': {'a': {'select': 'b', 'get': 'text', 'attr': 'x'}}}", "fields.a.get: 'text'"},
        {"{'fields': {'a': {'select': 'b', 'get': 'html', 'url': true}}}", "fields.a.url: HTML"},
        {"{'fields': {'a': {'select': 'b', 'jq': '.'}, 'c': {'select': 'b', 'jq': '.['}}}",
         "fields.c.jq: not a jq program"},
        {"{'fields': {'a': {'select': 'b', 'jq': 'nosuch'}}}",
         "fields.a.jq: not a jq program: nosuch/0 is not defined at line 1"},
        {"{'follow': [{'select': 'a'}, 'a:hover']}", "follow[1].select: character 2 "},
        {"{'follow': {'select': 'a', 'allow': ['x', '(']}}",
         "follow[0].allow: character 2 of the regular expression '('"},
        {"{'follow': {'select': 'a', 'deny': '*'}}", "follow[0].deny: character 1 "},
        {"{'follow': {'select': 'a', 'same': 'planet'}}", "follow[0].same: expected host"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        const char *said = run(table[i].rules, "<p>x");
        if (strncmp(said, table[i].says, strlen(table[i].says)) != 0)
            fail_msg("%s says '%s', not '%s'", table[i].rules, said, table[i].says);
    }
}

static void plan__reads_the_page_in_its_encoding(void **state)
{
    struct trawl_response response =
        fake_response("text/html; charset=windows-1251", "<meta charset=utf-8><b>\xcf\xf0\xe8</b>");

    (void)state;
    assert_string_equal(run_response("{'fields': {'t': 'b'}}", &response),
                        HERE " {\"t\":\"\xd0\x9f\xd1\x80\xd0\xb8\"}\n");
    response = fake_response("", "<meta charset=shift_jis><b>\x93\xfa</b>");
    assert_string_equal(run_response("{'fields': {'t': 'b'}}", &response),
                        HERE " {\"t\":\"\xe6\x97\xa5\"}\n");
    response = fake_response("text/html", "<b>caf\xc3\xa9 \xf0\x9f\x98\x80 &#233;&eacute;</b>");
    assert_string_equal(run_response("{'fields': {'t': 'b'}}", &response),
                        HERE " {\"t\":\"caf\xc3\xa9 \xf0\x9f\x98\x80 \xc3\xa9\xc3\xa9\"}\n");
}

static void plan__skips_what_is_no_text(void **state)
{
    struct trawl_response response = fake_response("image/png", "<b>x</b>");

    (void)state;
    assert_string_equal(run_response("{'fields': {'t': 'b'}}", &response), "");
    response = fake_response("application/xhtml+xml", "<b>x</b>");
    assert_string_equal(run_response("{'fields': {'t': 'b'}}", &response), HERE " {\"t\":\"x\"}\n");
}

static void plan__reads_broken_html_as_far_as_it_goes(void **state)
{
    static const struct row table[] = {
        {"{'fields': {'t': 'b'}}", "<p><b>x</p></b></div></html><b>y", HERE " {\"t\":\"x\"}\n"},
        {"{'fields': {'t': 'b'}}", "<b>x<", HERE " {\"t\":\"x<\"}\n"},
        {"{'fields': {'t': 'b'}}", "<b>x</b><a href=\"", HERE " {\"t\":\"x\"}\n"},
        {"{'fields': {'t': 'b'}}", "<!DOCTYPE html><!-- <b>x</b>", ""},
        {"{'fields': {'t': 'b'}}", "just text", ""},
        {"{'fields': {'t': 'b'}}", "<table><b>x</b><tr><td>1</table>", HERE " {\"t\":\"x\"}\n"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static char *repeat(const char *lead, const char *text, size_t count, const char *tail)
{
    size_t len = strlen(text);
    char *all = malloc(strlen(lead) + len * count + strlen(tail) + 1);
    char *at = all + strlen(lead);

    memcpy(all, lead, strlen(lead));
    for (size_t i = 0; i < count; i++, at += len)
        memcpy(at, text, len);
    memcpy(at, tail, strlen(tail) + 1);
    return all;
}

static void plan__survives_deep_nesting(void **state)
{
    char *page = repeat("<h1>x</h1>", "<div>", 3000, "<i>deep</i>");

    (void)state;
    assert_string_equal(run("{'fields': {'t': 'h1', 'd': 'i'}}", page),
                        HERE " {\"t\":\"x\",\"d\":null}\n");
    free(page);
    /* What comes after the depth is read, too. */
    page = repeat("<div>", "<b>", 2000, "</div><h1>x</h1>");
    assert_string_equal(run("{'fields': {'t': 'h1'}}", page), HERE " {\"t\":\"x\"}\n");
    free(page);
    page = repeat("<h1>x</h1>", "<div>", 200000, "");
    assert_string_equal(run("{'fields': {'t': 'h1'}}", page), HERE " {\"t\":\"x\"}\n");
    free(page);
}

static void plan__reads_ten_megabytes_on_one_line(void **state)
{
    char *page = repeat("<b>", "x", 11u << 20, "</b><i>end</i>");

    (void)state;
    assert_string_equal(run("{'fields': {'t': 'i', 'n': 'xpath:string-length(//b)'}}", page),
                        HERE " {\"t\":\"end\",\"n\":11534336}\n");
    free(page);
    page = repeat("", "<a href=x title=yyyyyyyyyyyyyyyyyyyyyyyyyy>z</a>", 200000, "<i>end</i>");
    assert_string_equal(run("{'follow': 'a', 'fields': {'t': 'i'}}", page),
                        "-> GET https://books.example/shop/x\n" HERE " {\"t\":\"end\"}\n");
    free(page);
}

static void plan__passes_on_the_sinks_refusal(void **state)
{
    const struct trawl_sink refusing = {
        .item = on_refusing_item, .link = both_ways_on_link, .user = &fake_job};
    struct trawl_response response = fake_response("", "<b>x</b>");
    json_auto_t *rules = fake_json("{'fields': {'t': 'b'}}");
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_plan_compile(rules, &plan, &err), 0);
    assert_int_equal(trawl_plan_run(plan, &response, &refusing, &err), -E2BIG);
    trawl_plan_free(plan);
}

static void plan__counts_rows_without_a_key(void **state)
{
    struct trawl_response response = fake_response("", "<p><b>1</b><p><i>2</i>");
    json_auto_t *rules = fake_json("{'rows': 'p', 'fields': {'b': 'b', 'i': 'i'}, 'key': 'b'}");
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    (void)state;
    fake_reset();
    assert_int_equal(trawl_plan_compile(rules, &plan, &err), 0);
    assert_int_equal(trawl_plan_run(plan, &response, &both_ways_sink, &err), 0);
    assert_int_equal(trawl_plan_skipped(plan), 1);
    trawl_plan_free(plan);
}

static int finish(void **state)
{
    (void)state;
    trawl_buf_finish(&fake_job.said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan__makes_an_item_of_a_page),
        cmocka_unit_test(plan__makes_an_item_of_each_row),
        cmocka_unit_test(plan__takes_text_html_and_attributes),
        cmocka_unit_test(plan__transforms_by_jq),
        cmocka_unit_test(plan__follows_links),
        cmocka_unit_test(plan__follows_no_deeper_than_told),
        cmocka_unit_test(plan__says_which_rule_is_wrong),
        cmocka_unit_test(plan__reads_the_page_in_its_encoding),
        cmocka_unit_test(plan__skips_what_is_no_text),
        cmocka_unit_test(plan__reads_broken_html_as_far_as_it_goes),
        cmocka_unit_test(plan__survives_deep_nesting),
        cmocka_unit_test(plan__reads_ten_megabytes_on_one_line),
        cmocka_unit_test(plan__passes_on_the_sinks_refusal),
        cmocka_unit_test(plan__counts_rows_without_a_key),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
