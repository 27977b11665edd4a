#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fts.h>
#include <unistd.h>

#include "both_ways.h"
#include "extract/html.h"
#include "util/alloc.h"
#include "util/fs.h"

/* Debian's python3-doc: some hundred real pages. */
#define DOCUMENTATION "/usr/share/doc/python3.11/html"

static struct trawl_plan *compile(const char *text)
{
    json_auto_t *rules = fake_json(text);
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    assert_non_null(rules);
    if (trawl_plan_compile(rules, &plan, &err) < 0)
        fail_msg("%s: %s: %s", text, err.where, err.message);
    return plan;
}

static void plan_sax__is_chosen_where_selectors_look_upwards_only(void **state)
{
    static const struct {
        const char *select;
        bool one_pass;
    } table[] = {
        {"a", true},
        {"*", true},
        {".", true},
        {".a.b#c[d][e=f i]", true},
        {"ul > li a, ol li", true},
        {"> li", true},
        {":scope > li", true},
        {"li:first-child", true},
        {"td:nth-child(2n + 1)", true},
        {"a:not(.b, #c):is(d, [e]):link", true},
        {":root > body", true},
        {"a::text, b ::text", true},
        {"a::attr(b)", true},
        {"a + b", false},
        {"a ~ b", false},
        {"+ a", false},
        {"a::text, b", false},
        {"a::attr(b), a::attr(c)", false},
        {"a:last-child", false},
        {"a:only-child", false},
        {"a:nth-of-type(2)", false},
        {"a:has(b)", false},
        {"a:not(b c)", false},
        {"b :scope", false},
        {":not(:scope)", false},
        {"a:empty", false},
        {"a:lang(en)", false},
        {"input:checked", false},
        {"//a", false},
        {"./a", false},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        TRAWL_AUTO_FREE char *rules = trawl_xasprintf("{'fields': {'f': \"%s\"}}", table[i].select);
        struct trawl_plan *plan = compile(rules);
        if (!plan->select != !table[i].one_pass)
            fail_msg("%s is matched %s", table[i].select,
                     plan->select ? "in one pass" : "over the tree");
        trawl_plan_free(plan);
    }
}

/* One selector that needs the tree takes the whole plan there. */
static void plan_sax__is_chosen_for_a_whole_plan(void **state)
{
    static const struct {
        const char *rules;
        bool one_pass;
    } table[] = {
        {"{'follow': 'a', 'rows': 'li', 'fields': {'f': 'b'}, 'key': 'f'}", true},
        {"{'follow': '//a', 'rows': 'li', 'fields': {'f': 'b'}, 'key': 'f'}", false},
        {"{'follow': 'a', 'rows': '//li', 'fields': {'f': 'b'}, 'key': 'f'}", false},
        {"{'follow': 'a', 'rows': 'li', 'fields': {'f': './b'}, 'key': 'f'}", false},
        {"{'rows': 'li::text', 'fields': {'f': 'b'}, 'key': 'f'}", false},
        {"{'fields': {'f': {'select': 'b', 'get': 'html'}}}", false},
        {"{'fields': {'f': {'select': 'b', 'attr': 'c', 'all': true}}}", true},
    };
    char many[1024] = "{'fields': {'f': '";

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_plan *plan = compile(table[i].rules);
        if (!plan->select != !table[i].one_pass)
            fail_msg("%s runs %s", table[i].rules, plan->select ? "in one pass" : "over the tree");
        trawl_plan_free(plan);
    }
    for (size_t count = 0; count < 2; count++) { /* 64 compounds, and one more */
        size_t len = strlen(many);
        struct trawl_plan *plan;
        for (size_t i = 0; i < (count == 0 ? 64 : 1); i++)
            len +=
                (size_t)snprintf(many + len, sizeof(many) - len, "%sa%zu", len > 18 ? "," : "", i);
        snprintf(many + len, sizeof(many) - len, "'}}");
        plan = compile(many);
        assert_int_equal(plan->select != NULL, count == 0);
        trawl_plan_free(plan);
        many[len] = '\0';
    }
}

struct row {
    const char *rules;
    const char *body;
    const char *said;
};

#define HERE "https://books.example/shop/list.html "

/* What the tree makes of odd pages, and one pass must know. */
static void plan_sax__goes_by_the_tree(void **state)
{
    static const struct row table[] = {
        /* Within the root, when it is the first thing of the document, else nowhere. */
        {"{'fields': {'p': {'select': 'p', 'all': true}, 'h': 'html'}}", "<p>1</html>2<html><p>3",
         HERE "{\"p\":[\"1\",\"2\",\"3\"],\"h\":\"1 2 3\"}\n"},
        {"{'fields': {'p': {'select': 'p', 'all': true}, 'h': 'html'}}",
         "<!doctype html><p>1</html>2<p>3", HERE "{\"p\":[\"1\"],\"h\":\"1\"}\n"},
        {"{'fields': {'p': {'select': 'p', 'all': true}}}", "<!-- --><p>1</html>2",
         HERE "{\"p\":[\"1\"]}\n"},
        {"{'fields': {'p': {'select': 'p', 'all': true}}}", "<?x?><p>1</html>2",
         HERE "{\"p\":[\"1\"]}\n"},
        {"{'fields': {'p': {'select': 'p', 'all': true}}}", "<p>1<!doctype html> </html>2",
         HERE "{\"p\":[\"1\"]}\n"},
        /* Only the first head counts, and in it the first <base> that has an href. */
        {"{'follow': 'a'}", "<head></head><head><base href=/x/></head><a href=1>",
         "-> GET https://books.example/shop/1\n"},
        {"{'follow': 'a'}", "<head><base><base href='/x/ '><base href=/y/></head><a href=1>",
         "-> GET https://books.example/x/1\n"},
        {"{'follow': 'a'}", "<head><base href='ftp://x/'><base href=/y/></head><a href=1>",
         "-> GET https://books.example/shop/1\n"},
        {"{'follow': 'a'}", "<body><a href=1></a></body><head><base href=/x/></head>",
         "-> GET https://books.example/x/1\n"},
        {"{'follow': 'a'}", "<body><base href=/x/><a href=1>",
         "-> GET https://books.example/shop/1\n"},
        /* The first match decides, though a later one has the attribute; but ::attr() looks for it. */
        {"{'fields': {'f': {'select': 'a', 'attr': 'title'}, 't': 'a'}}",
         "<a>1</a><a title=x>2</a>", HERE "{\"f\":null,\"t\":\"1\"}\n"},
        {"{'fields': {'f': 'a::attr(title)', 't': 'a'}}", "<a>1</a><a title=' x  y'>2</a>",
         HERE "{\"f\":\"x y\",\"t\":\"1\"}\n"},
        /* Comments part text nodes; references and tags without a meaning do not. */
        {"{'fields': {'t': {'select': '::text', 'all': true}}}",
         "<p>a<!-- -->b<?x?>c&amp;d</x>e&lt;", HERE "{\"t\":[\"a\",\"b\",\"c&de<\"]}\n"},
        {"{'fields': {'t': 'p', 's': 'script', 'u': 'template u'}}",
         "<p>a<script>b</script>c<template>d<u>e</u></template>",
         HERE "{\"t\":\"ac\",\"s\":\"b\",\"u\":\"e\"}\n"},
        {"{'fields': {'y': 'y', 'x': 'x', 'xy': 'x\\\\:y'}}", "<x:y>1</x:y>",
         HERE "{\"y\":\"1\",\"x\":null,\"xy\":null}\n"},
        {"{'fields': {'a': {'select': '[nowrap]', 'attr': 'nowrap'}, 'b': {'select': '[b]', "
         "'attr': 'b'}}}",
         "<td nowrap b>", HERE "{\"a\":\"nowrap\",\"b\":\"\"}\n"},
        /* Rows within rows. */
        {"{'rows': 'li', 'fields': {'t': '.', 'a': {'select': 'a', 'all': true}, 'c': '> a', 'd': "
         "'li li'}, 'key': 't'}",
         "<ul><li><a>1</a><ul><li>2<a>3</a></ul></ul>",
         "1 23 {\"t\":\"1 23\",\"a\":[\"1\",\"3\"],\"c\":\"1\",\"d\":\"23\"}\n"
         "23 {\"t\":\"23\",\"a\":[\"3\"],\"c\":\"3\",\"d\":null}\n"},
        /* The nearest <i> has no <b> for a parent, but the one above it has. */
        {"{'fields': {'s': 'b > i s', 't': 'b > i > s', 'u': 'html > body > b s'}}",
         "<b><i><u><i><s>1</s></i></u></i></b>", HERE "{\"s\":\"1\",\"t\":null,\"u\":\"1\"}\n"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_response response = fake_response("text/html", table[i].body);
        struct trawl_plan *plan = compile(table[i].rules);
        const char *said;
        assert_non_null(plan->select);
        said = fake_plan_run_both_ways(plan, &response);
        if (strcmp(said, table[i].said) != 0)
            fail_msg("%s over %s gives\n%s, not\n%s", table[i].rules, table[i].body, said,
                     table[i].said);
        trawl_plan_free(plan);
    }
}

/* Elements that are too deep are left out, and not their text. */
static void plan_sax__agrees_on_depth(void **state)
{
    static const char *const tails[] = {"a<i>b<u>c</i>d", "a</b>b<i>c</i>",
                                        "a</b></b></b>b<i>c<u>d"};
    struct trawl_plan *plan = compile(
        "{'fields': {'i': 'i', 'u': 'u', 'b': 'b', 't': {'select': '::text', 'all': true}}}");

    (void)state;
    for (size_t depth = TRAWL_HTML_DEPTH_MAX - 5; depth < TRAWL_HTML_DEPTH_MAX + 5; depth++) {
        for (size_t i = 0; i < TRAWL_ARRAY_SIZE(tails); i++) {
            struct trawl_response response = fake_response("", "");
            struct trawl_buf body;
            trawl_buf_init(&body, 1u << 16);
            for (size_t at = 0; at < depth; at++)
                trawl_buf_append_text(&body, "<b>");
            trawl_buf_append_text(&body, tails[i]);
            response.body = trawl_buf_text(&body);
            response.body_len = body.len;
            fake_plan_run_both_ways(plan, &response);
            trawl_buf_finish(&body);
        }
    }
    trawl_plan_free(plan);
}

/* A page with about everything that makes the parser repair something. */
static const char odd_page[] =
    "<!-- first --><!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n"
    "<title>T &amp; <b>x</title><meta charset=utf-8><base target=x><base href=/deep/><base "
    "href=/no/>\n"
    "<body class='a b' class=c><h1 id=h>One<br>two <i>th</i>ree&nbsp;&lt;four&unknown; "
    "&#0;&#65;&#x1F600;</h1>\n"
    "text<p>para<p class=x>next <b>bold <i>both</b> italic</i><!-- c -->tail<?php echo 1 ?>end\n"
    "<ul><li><a href=1>one</a><li class='a x'><a href='2' title=' t  u '>two</a>"
    "<ul><li><a href=\"3&amp;4\">three</a></ul><li>four<a href=javascript:void(0)>no</a></ul>\n"
    "<script>var a = '<a href=9>' + \"</b>\"; // <!-- </script><style>b > i { }</style>"
    "<template><p>in <a href=5>template</a><script>s</script></p></template>\n"
    "<table><tr><td>1<td colspan=2 nowrap>2<tr><th>h<b>x</table><a name=n>anchor</a><a "
    "href>empty</a>\n"
    "<x:y a:b=c>pre:fixed</x:y><:z>colon</:z><form><input checked value=v><select><option "
    "selected>o"
    "<option>p</select></form><head><title>late</title></head><body id=second><html lang=en>\n"
    "<h1>late <a href=6#f>six</a></h1></body>after body<p>p</html>after html <div>d<a "
    "href='/7'>seven</a></div>"
    "<html><h1>third</h1><head><base href=/late/></head></html><frameset><frame src=f></frameset>"
    "</p></br><hr/><div/>x<li>loose<dd>dd<dt>dt<a href=8>eight<a href=8>again</a>";

static const char *const odd_plans[] = {
    "{'follow': ['a', 'a::attr(title)', {'select': 'li::text', 'same': 'any'}],"
    " 'fields': {'t': 'title', 'h': 'h1', 'all': {'select': 'h1, p, li', 'all': true},"
    "  'root': ':root', 'body': 'body', 'cls': {'select': 'body', 'attr': 'class'}}}",
    "{'follow': {'select': 'ul > li a, p', 'attr': 'href'}, 'rows': 'li, tr, div, html > body',"
    " 'fields': {'a': 'a', 'u': {'select': 'a', 'attr': 'href', 'url': true, 'all': true},"
    "  'self': '.', 'child': '> a', 'first': ':first-child', 'odd': {'select': ':nth-child(2n+1)', "
    "'all': true}},"
    " 'key': 'self'}",
    "{'fields': {'x': {'select': '::text', 'all': true}, 's': 'script', 'ss': 'script::text',"
    "  'tp': 'template a', 't': {'select': 'template ::text', 'all': true},"
    "  'n': {'select': 'a:not([href]), :is(x, y, z)', 'all': true}, 'b': {'select': '[checked]', "
    "'attr': 'checked'},"
    "  'e': {'select': '[href=\\u0022\\u0022]', 'all': true}, 'ti': 'a::attr(title)', 'w': "
    "{'select': 'a', 'attr': 'title', 'all': true}}}",
    "{'rows': '*', 'key': ['e'], 'fields': {'t': '::text', 'e': '*', 'd': '> * > *'}}",
    "{'rows': '*', 'key': ['a'], 'fields': {'c': '::attr(class)', 'a': 'body li li'}}",
};

/* All plans over one page, both ways. */
static void agree_over(struct trawl_plan *const *plans, size_t count, const char *body, size_t len)
{
    struct trawl_response response = fake_response("text/html; charset=utf-8", "");

    response.body = body;
    response.body_len = len;
    for (size_t i = 0; i < count; i++)
        fake_plan_run_both_ways(plans[i], &response);
}

static void compile_all(struct trawl_plan *plans[], const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        plans[i] = compile(texts[i]);
        assert_non_null(plans[i]->select);
    }
}

static void free_all(struct trawl_plan *plans[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        trawl_plan_free(plans[i]);
}

static void plan_sax__agrees_on_a_page_that_ends_anywhere(void **state)
{
    struct trawl_plan *plans[TRAWL_ARRAY_SIZE(odd_plans)];

    (void)state;
    compile_all(plans, odd_plans, TRAWL_ARRAY_SIZE(plans));
    for (size_t len = 0; len < sizeof(odd_page); len++) {
        TRAWL_AUTO_FREE char *body = trawl_xstrndup(odd_page, len);
        agree_over(plans, TRAWL_ARRAY_SIZE(plans), body, len);
    }
    free_all(plans, TRAWL_ARRAY_SIZE(plans));
}

/* Numbers that look random and are the same in each run (xorshift). */
static uint32_t next_number(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void plan_sax__agrees_on_a_page_that_lost_bytes(void **state)
{
    struct trawl_plan *plans[TRAWL_ARRAY_SIZE(odd_plans)];
    uint32_t seed = 1;

    (void)state;
    compile_all(plans, odd_plans, TRAWL_ARRAY_SIZE(plans));
    for (size_t i = 0; i < 1000; i++) {
        TRAWL_AUTO_FREE char *body = trawl_xstrdup(odd_page);
        size_t len = strlen(body);
        for (size_t lost = 1 + i % 10; lost > 0; lost--) {
            size_t at = next_number(&seed) % len;
            memmove(body + at, body + at + 1, len - at);
            len--;
        }
        agree_over(plans, TRAWL_ARRAY_SIZE(plans), body, len);
    }
    free_all(plans, TRAWL_ARRAY_SIZE(plans));
}

/* Pages of these, in any order: what browsers call tag soup. */
static const char *const soup[] = {
    "<html>",
    "</html>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "<title>",
    "</title>",
    "<base href=b/>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<div class='a b'>",
    "<ul>",
    "</ul>",
    "<li>",
    "<li class=x>",
    "</li>",
    "<a href=1>",
    "<a title='t  u'>",
    "</a>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<h1>",
    "</h1>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<br>",
    "<hr/>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<template>",
    "</template>",
    "<!-- c -->",
    "<?p i?>",
    "<!DOCTYPE html>",
    "<x:y>",
    "</x:y>",
    "<select>",
    "<option selected>",
    "</select>",
    "<input checked>",
    "<frameset>",
    "</frameset>",
    "&amp;",
    "&nbsp;",
    "&no;",
    "&#0;",
    "&",
    "<",
    ">",
    " ",
    "\n",
    "text",
    " more words ",
    "caf\xc3\xa9",
    "<![CDATA[x]]>",
    "</",
    "<p a=\"",
};

static void plan_sax__agrees_on_tag_soup(void **state)
{
    struct trawl_plan *plans[TRAWL_ARRAY_SIZE(odd_plans)];
    uint32_t seed = 7;

    (void)state;
    compile_all(plans, odd_plans, TRAWL_ARRAY_SIZE(plans));
    for (size_t i = 0; i < 3000; i++) {
        struct trawl_buf body;
        trawl_buf_init(&body, 1u << 16);
        for (size_t count = 1 + next_number(&seed) % 60; count > 0; count--)
            trawl_buf_append_text(&body, soup[next_number(&seed) % TRAWL_ARRAY_SIZE(soup)]);
        agree_over(plans, TRAWL_ARRAY_SIZE(plans), trawl_buf_text(&body), body.len);
        trawl_buf_finish(&body);
    }
    free_all(plans, TRAWL_ARRAY_SIZE(plans));
}

static const char *const documentation_plans[] = {
    "{'follow': ['a', {'select': 'link, img', 'attr': 'src'}],"
    " 'fields': {'title': 'title', 'h1': 'h1', 'p': {'select': 'section > p, dd p', 'all': true},"
    "  'code': {'select': 'pre', 'all': true}, 'sig': 'dt.sig::text', 'body': 'body'}}",
    "{'rows': 'section, dl.py, li:first-child', 'follow': 'a.reference:not(.external)::attr(href)',"
    " 'fields': {'id': {'select': '[id]', 'attr': 'id'}, 'head': ':scope > h1, :scope > h2',"
    "  'dd': '> dd', 'links': {'select': 'p a', 'attr': 'href', 'url': true, 'all': true},"
    "  'texts': {'select': 'p::text', 'all': true}},"
    " 'key': ['id', 'head']}",
};

/* Without some bytes, and every other time cut off at some place. */
static size_t break_page(char *text, size_t len, uint32_t *seed)
{
    if (next_number(seed) % 2 == 0)
        len = next_number(seed) % len;
    for (size_t lost = 0; lost < 50 && len > 0; lost++) {
        size_t at = next_number(seed) % len;
        memmove(text + at, text + at + 1, len - at);
        len--;
    }
    text[len] = '\0';
    return len;
}

static bool is_page(const FTSENT *entry)
{
    return entry->fts_info == FTS_F && entry->fts_namelen > 5 &&
           strcmp(entry->fts_name + entry->fts_namelen - 5, ".html") == 0;
}

static void plan_sax__agrees_on_the_documentation_of_python(void **state)
{
    struct trawl_plan *plans[TRAWL_ARRAY_SIZE(documentation_plans)];
    char folder[] = DOCUMENTATION;
    char *const folders[] = {folder, NULL};
    uint32_t seed = 3;
    size_t pages = 0;
    FTSENT *entry;
    FTS *files;

    (void)state;
    if (access(DOCUMENTATION, R_OK) != 0)
        skip();
    compile_all(plans, documentation_plans, TRAWL_ARRAY_SIZE(plans));
    files = fts_open(folders, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    assert_non_null(files);
    while ((entry = fts_read(files))) {
        TRAWL_AUTO_FREE char *body = NULL;
        size_t len;
        if (!is_page(entry))
            continue;
        assert_int_equal(trawl_fs_read(entry->fts_path, 64u << 20, &body, &len), 0);
        agree_over(plans, pages % 3 == 0 ? 2 : 1, body, len); /* the second takes its time */
        if (pages % 3 == 1)
            agree_over(plans, 2, body, break_page(body, len, &seed));
        pages++;
    }
    fts_close(files);
    assert_true(pages > 400);
    free_all(plans, TRAWL_ARRAY_SIZE(plans));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_sax__is_chosen_where_selectors_look_upwards_only),
        cmocka_unit_test(plan_sax__is_chosen_for_a_whole_plan),
        cmocka_unit_test(plan_sax__goes_by_the_tree),
        cmocka_unit_test(plan_sax__agrees_on_depth),
        cmocka_unit_test(plan_sax__agrees_on_a_page_that_ends_anywhere),
        cmocka_unit_test(plan_sax__agrees_on_a_page_that_lost_bytes),
        cmocka_unit_test(plan_sax__agrees_on_tag_soup),
        cmocka_unit_test(plan_sax__agrees_on_the_documentation_of_python),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
