#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <libxml/xpath.h>
#include <string.h>

#include "extract/css.h"
#include "extract/html.h"
#include "extract/plan.h"
#include "extract/xpath.h"
#include "util/alloc.h"
#include "util/buf.h"

static const char page[] =
    "<html lang=en><head><title>T</title></head><body id=b>"
    "<div id=d1 class='box  wide' data-x='a b c' lang=en-GB>"
    "<p id=p1 class=a>one</p><p id=p2 class='a b'>two <em id=e1>deep</em></p>"
    "<span id=s1></span><p id=p3 lang=fr>three</p></div>"
    "<div id=d2 class=box title='He said \"it&#39;s\"'>"
    "<ul id=u1><li id=l1>1</li><li id=l2>2</li><li id=l3>3</li><li id=l4>4</li><li id=l5>5</li>"
    "</ul><a id=a1 href='/x/one.pdf'>pdf</a><a id=a2 href='https://e.org/'>e</a><a id=a3>none</a>"
    "</div>"
    "<form id=f1><fieldset id=fs disabled><input id=i1></fieldset><input id=i2 type=Checkbox "
    "checked><select id=se><option id=o1>x</option><option id=o2 selected>y</option></select>"
    "</form>"
    "<x-card id=x1 xml:lang=de>card</x-card><p id='we:ird' class='a:b 1st'>odd</p>"
    "</body></html>";

/* The ids of what a selector finds, joined by spaces; of texts and attributes the content. */
static void find(xmlDocPtr doc, const char *selector, struct trawl_buf *found)
{
    struct trawl_selector *compiled = NULL;
    struct trawl_err err = {0};
    xmlXPathObjectPtr result = NULL;
    xmlXPathContextPtr context = trawl_xpath_context_create(doc);

    if (trawl_selector_compile(selector, &compiled, &err) < 0)
        fail_msg("%s: %s", selector, err.message);
    assert_int_equal(
        trawl_selector_run(compiled, context, xmlDocGetRootElement(doc), &result, &err), 0);
    for (int i = 0; result->nodesetval && i < result->nodesetval->nodeNr; i++) {
        xmlNodePtr node = result->nodesetval->nodeTab[i];
        xmlChar *text = node->type == XML_ELEMENT_NODE ? xmlGetProp(node, BAD_CAST "id")
                                                       : xmlNodeGetContent(node);
        if (found->len > 0)
            trawl_buf_append_text(found, " ");
        trawl_buf_append_text(found, text ? (const char *)text : "-");
        xmlFree(text);
    }
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    trawl_selector_free(compiled);
}

static void check_table(const char *const (*table)[2], size_t count)
{
    xmlDocPtr doc = NULL;

    assert_int_equal(trawl_html_parse(page, strlen(page), &doc), 0);
    for (size_t i = 0; i < count; i++) {
        struct trawl_buf found;
        trawl_buf_init(&found, 4096);
        find(doc, table[i][0], &found);
        if (strcmp(trawl_buf_text(&found), table[i][1]) != 0)
            fail_msg("%s finds '%s', not '%s'", table[i][0], trawl_buf_text(&found), table[i][1]);
        trawl_buf_finish(&found);
    }
    xmlFreeDoc(doc);
}

static void css__finds_by_name_class_id_and_attribute(void **state)
{
    static const char *const table[][2] = {
        {"p", "p1 p2 p3 we:ird"},
        {"P", "p1 p2 p3 we:ird"},
        {"*#d1", "d1"},
        {".a", "p1 p2"},
        {"p.a.b", "p2"},
        {".box.wide", "d1"},
        {".A", ""},
        {"#p3", "p3"},
        {"x-card", "x1"},
        {"[data-x]", "d1"},
        {"[DATA-X]", "d1"},
        {"[id=p1]", "p1"},
        {"[id = 'p1']", "p1"},
        {"[data-x~=b]", "d1"},
        {"[data-x~='a b']", ""},
        {"[data-x~='']", ""},
        {"[lang|=en]", "- d1"},
        {"[href^='https:']", "a2"},
        {"[href^='']", ""},
        {"[href$='.PDF' i]", "a1"},
        {"[href$='.PDF']", ""},
        {"[href$='.PDF' s]", ""},
        {"[href*=one]", "a1"},
        {"[type=checkbox i]", "i2"},
        {"[type=checkbox]", ""},
        {"[title='He said \"it\\'s\"']", "d2"},
        {"[xml\\:lang=de]", "x1"},
        {"#we\\:ird", "we:ird"},
        {"#we\\3aird", "we:ird"},
        {"#we\\3a ird", "we:ird"},
        {"#we\\00003aird", "we:ird"},
        {".\\31st", "we:ird"},
        {".\\31 st", "we:ird"},
        {".a\\:b", "we:ird"},
        {"p/* a comment */.b", "p2"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void css__combines(void **state)
{
    static const char *const table[][2] = {
        {"div p", "p1 p2 p3"},
        {"body em", "e1"},
        {"body > p", "we:ird"},
        {"body>p", "we:ird"},
        {"p + p", "p2"},
        {"p + span + p", "p3"},
        {"p ~ p", "p2 p3"},
        {"p~span", "s1"},
        {"div > p > em", "e1"},
        {"#d1 em, #l1 , a[href]", "e1 l1 a1 a2"},
        {"p, .a, #p1", "p1 p2 p3 we:ird"},
        {"> body", "b"},
        {":scope > body", "b"},
        {"html:scope", "-"},
        {"span + *", "p3"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void css__counts(void **state)
{
    static const char *const table[][2] = {
        {"li:first-child", "l1"},
        {"li:last-child", "l5"},
        {"li:nth-child(2)", "l2"},
        {"li:nth-child(odd)", "l1 l3 l5"},
        {"li:nth-child( EVEN )", "l2 l4"},
        {"li:nth-child(2n+1)", "l1 l3 l5"},
        {"li:nth-child(2n)", "l2 l4"},
        {"li:nth-child(n)", "l1 l2 l3 l4 l5"},
        {"li:nth-child(n + 3)", "l3 l4 l5"},
        {"li:nth-child(-n+2)", "l1 l2"},
        {"li:nth-child(3n - 1)", "l2 l5"},
        {"li:nth-child(+4)", "l4"},
        {"li:nth-child(0)", ""},
        {"li:nth-child(-1)", ""},
        {"li:nth-last-child(2)", "l4"},
        {"li:nth-last-child(-n+2)", "l4 l5"},
        {"#d1 > p:nth-of-type(3)", "p3"},
        {"#d1 > p:nth-child(3)", ""},
        {"#d1 > :nth-of-type(1)", "p1 s1"},
        {"#d1 > p:first-of-type", "p1"},
        {"#d1 > p:last-of-type", "p3"},
        {"p:nth-last-of-type(2)", "p2"},
        {"em:only-child", "e1"},
        {"#d1 > :only-of-type", "s1"},
        {"span:empty", "s1"},
        {"li:empty", ""},
        {":root", "-"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void css__knows_logical_pseudo_classes(void **state)
{
    static const char *const table[][2] = {
        {"p:not(.a)", "p3 we:ird"},
        {"p:not(.a, [lang])", "we:ird"},
        {"p:not(div > p)", "we:ird"},
        {"p:not(:not(.b))", "p2"},
        {"p:is(.b, #p3)", "p2 p3"},
        {":is(ul, ol) > li:where(:first-child, :last-child)", "l1 l5"},
        {":is(div p + p)", "p2"},
        {":is(.wide ~ div li):first-child", "l1"},
        {"div:has(ul)", "d2"},
        {"div:has(> em)", ""},
        {"div:has(> p > em)", "d1"},
        {"p:has(+ span)", "p2"},
        {"p:has(~ p)", "p1 p2"},
        {"p:not(:has(em)).a", "p1"},
        {"div:has(ol, em)", "d1"},
        {"p:lang(fr)", "p3"},
        {"p:lang(en)", "p1 p2 we:ird"},
        {"em:lang('en-gb')", "e1"},
        {"a:link", "a1 a2"},
        {":checked", "i2 o2"},
        {"input:disabled", "i1"},
        {"input:enabled", "i2"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void css__takes_text_and_attributes(void **state)
{
    static const char *const table[][2] = {
        {"#p2::text", "two "},
        {"#p2 ::text", "deep"},
        {"a::attr(href)", "/x/one.pdf https://e.org/"},
        {"a::attr( HREF )", "/x/one.pdf https://e.org/"},
        {"em::text, #p1::text", "one deep"},
        {"x-card::attr(xml\\:lang)", "de"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void selector__takes_xpath(void **state)
{
    static const char *const table[][2] = {
        {"//li[2]", "l2"},
        {"./body/p", "we:ird"},
        {"(//li)[last()]", "l5"},
        {"..//em", "e1"},
        {"xpath:descendant::em", "e1"},
        {"//a/@href", "/x/one.pdf https://e.org/"},
    };

    (void)state;
    check_table(table, TRAWL_ARRAY_SIZE(table));
}

static void selector__says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *selector;
        const char *says;
    } table[] = {
        {"", "empty"},
        {"div >", "character 6 of the selector 'div >': expected an element"},
        {"div > > p", "character 7 "},
        {"div,", "character 5 "},
        {", div", "character 1 "},
        {"div..a", "character 5 of the selector 'div..a': expected the name of a class"},
        {"\xc3\xa4 .1", "character 4 "}, /* characters are counted, not bytes */
        {"a[", "character 3 "},
        {"a[href", "character 7 "},
        {"a[href=", "character 8 "},
        {"a[href='x]", "character 8 of the selector 'a[href='x]': this string is not closed"},
        {"a[href=x y]", "'i' or 's'"},
        {"a[href!=x]", "operator"},
        {"a[svg|href]", "namespaces"},
        {"svg|a", "character 4 of the selector 'svg|a': namespaces"},
        {"a:hover", "character 2 of the selector 'a:hover': ':hover' is about a person's browser"},
        {"a:frist-child", "is ':first-child' meant?"},
        {"a:quux-zorg", "there is no pseudo-class ':quux-zorg'"},
        {"li:nth-child(2x)", "character 14 "},
        {"li:nth-child()", "character 14 "},
        {"li:nth-child(2", "character 15 "},
        {"li:nth-child", "takes an argument"},
        {"li:first-child(2)", "takes no argument"},
        {"p:not(", "character 7 "},
        {"p:not()", "character 7 "},
        {"p:not(> a)", "only :has()"},
        {"p:not(a::text)", "'::text' can only stand at the end"},
        {"p::text b", "expected the end of the selector"},
        {"p::before", "there is no '::before'"},
        {"p::attr()", "the name of an attribute"},
        {"p)", "expected the end of the selector, not ')'"},
        {"p /* x", "character 3 of the selector 'p /* x': this comment is not closed"},
        {"a\\", "character 2 "},
        {"a\x01", "character 2 "},
        {"a\xff", "character 2 "},
        {"a { }", "expected an element"},
        {"//a[", "XPath"},
        {"//a[nosuch ()]/b", "there is no function 'nosuch'"},
        {"//a[re:test(., 'x')]", "there is no function 're:test'"},
        {"nosuch:x//b", "there is no pseudo-class"},
        {"xpath:nosuch()", "there is no function 'nosuch'"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_selector *selector = NULL;
        struct trawl_err err = {0};
        if (trawl_selector_compile(table[i].selector, &selector, &err) != -EINVAL)
            fail_msg("%s is taken", table[i].selector);
        assert_null(selector);
        if (!strstr(err.message, table[i].says))
            fail_msg("%s says '%s', not '%s'", table[i].selector, err.message, table[i].says);
    }
}

static void css__refuses_deep_nesting(void **state)
{
    struct trawl_buf selector;
    struct trawl_err err = {0};
    char *xpath = NULL;

    (void)state;
    trawl_buf_init(&selector, 4096);
    for (int i = 0; i < 500; i++)
        trawl_buf_append_text(&selector, ":not(");
    assert_int_equal(trawl_css_to_xpath(trawl_buf_text(&selector), &xpath, &err), -EINVAL);
    assert_non_null(strstr(err.message, "nested"));
    trawl_buf_finish(&selector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(css__finds_by_name_class_id_and_attribute),
        cmocka_unit_test(css__combines),
        cmocka_unit_test(css__counts),
        cmocka_unit_test(css__knows_logical_pseudo_classes),
        cmocka_unit_test(css__takes_text_and_attributes),
        cmocka_unit_test(selector__takes_xpath),
        cmocka_unit_test(selector__says_where_it_is_wrong),
        cmocka_unit_test(css__refuses_deep_nesting),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
