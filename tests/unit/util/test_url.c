/* Canonical URLs: RFC 3986 section 5.4, and what browsers make of what authors write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/url.h"

struct pair {
    const char *reference;
    const char *expected; /* NULL: refused */
};

static void check_table(const char *base, const struct pair *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRAWL_AUTO_FREE char *url = NULL;
        int r = trawl_url_resolve(base, table[i].reference, strlen(table[i].reference), &url);

        if (!table[i].expected) {
            if (url)
                print_error("'%s' was taken as '%s'\n", table[i].reference, url);
            assert_int_equal(r, -EINVAL);
            assert_null(url);
            continue;
        }
        if (r < 0)
            print_error("'%s' was refused\n", table[i].reference);
        assert_int_equal(r, 0);
        assert_string_equal(url, table[i].expected);
    }
}

#define CHECK(base, table) check_table(base, table, TRAWL_ARRAY_SIZE(table))

static const char rfc_base[] = "http://a/b/c/d;p?q";

static void url_resolve__rfc3986_normal_examples(void **state)
{
    static const struct pair table[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
    };

    (void)state;
    CHECK(rfc_base, table);
}

static void url_resolve__rfc3986_other_schemes(void **state)
{
    static const struct pair table[] = {
        {"g:h", NULL},
        {"mailto:a@b.org", NULL},
        {"javascript:void(0)", NULL},
        {"data:text/plain,x", NULL},
        {"ftp://a/b", NULL},
        {"httpx://a/b", NULL},
    };

    (void)state;
    CHECK(rfc_base, table);
}

static void url_resolve__rfc3986_abnormal_examples(void **state)
{
    static const struct pair table[] = {
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g"},
        {"g#s/../x", "http://a/b/c/g"},
        {"http:g", "http://a/b/c/g"},
    };

    (void)state;
    CHECK(rfc_base, table);
}

static void url_resolve__canonicalises_scheme_host_and_port(void **state)
{
    static const struct pair table[] = {
        {"HTTP://EXAMPLE.org", "http://example.org/"},
        {"https://Example.ORG:443/A", "https://example.org/A"},
        {"http://example.org:80", "http://example.org/"},
        {"http://example.org:", "http://example.org/"},
        {"http://example.org:0080/", "http://example.org/"},
        {"http://example.org:443/", "http://example.org:443/"},
        {"https://example.org:8443?x", "https://example.org:8443/?x"},
        {"http://example.org#top", "http://example.org/"},
        {"http://ex%41mple.org/", "http://example.org/"},
        {"http://user:p%40ss@example.org/", "http://user:p%40ss@example.org/"},
        {"http://a@b@example.org/", "http://a%40b@example.org/"},
        {"http://@example.org/", "http://example.org/"},
        {"http://b\xc3\xbc"
         "cher.example/",
         "http://b\xc3\xbc"
         "cher.example/"},
    };

    (void)state;
    CHECK(NULL, table);
}

static void url_resolve__gives_addresses_one_spelling(void **state)
{
    static const struct pair table[] = {
        {"http://127.1/", "http://127.0.0.1/"},
        {"http://0x7f000001/", "http://127.0.0.1/"},
        {"http://2130706433/", "http://127.0.0.1/"},
        {"http://0177.0.0.1./", "http://127.0.0.1/"},
        {"http://1.2.3.4.5/", NULL},
        {"http://1.2.3.256/", NULL},
        {"http://[0:0:0:0:0:0:0:1]:81/", "http://[::1]:81/"},
        {"http://[2001:DB8::1]/", "http://[2001:db8::1]/"},
        {"http://[::1/", NULL},
        {"http://[::1]x/", NULL},
        {"http://[fe80::1%25eth0]/", NULL},
    };

    (void)state;
    CHECK(NULL, table);
}

static void url_resolve__canonicalises_escapes(void **state)
{
    static const struct pair table[] = {
        {"http://a/%7Euser", "http://a/~user"},
        {"http://a/%e4%b8", "http://a/%E4%B8"},
        {"http://a/%2fb", "http://a/%2Fb"},
        {"http://a/x/%2E%2e/y", "http://a/y"},
        {"http://a/x/.%2e", "http://a/"},
        {"http://a/100%", "http://a/100%25"},
        {"http://a/%zz", "http://a/%25zz"},
        {"http://a/%%341", "http://a/%2541"},
        {"http://a/gr\xc3\xbc\xc3\x9f", "http://a/gr%C3%BC%C3%9F"},
        {"http://a/a|b^c`d{e}", "http://a/a%7Cb%5Ec%60d%7Be%7D"},
        {"http://a/?q=%41%20+b'c&d[]=\"", "http://a/?q=A%20+b'c&d[]=%22"},
        {"http://a/?b=2&a=1", "http://a/?b=2&a=1"},
        {"http://a/?", "http://a/?"},
    };

    (void)state;
    CHECK(NULL, table);
}

static void url_resolve__follows_browsers_where_authors_err(void **state)
{
    static const struct pair table[] = {
        {"  g \n", "http://a/b/c/g"},
        {"a b", "http://a/b/c/a%20b"},
        {"long\n\t  name", "http://a/b/c/long%20%20name"},
        {"ht\ntp://x/y", "http://x/y"},
        {"..\\g", "http://a/b/g"},
        {"\\g", "http://a/g"},
        {"\\\\host\\p", "http://host/p"},
        {"http:\\\\host\\p", "http://host/p"},
        {"?a\\b", "http://a/b/c/d;p?a%5Cb"},
        {"http:/g", "http://a/g"},
        {"https:g", NULL},
        {"g//h/..", "http://a/b/c/g//"},
        {"1:2", "http://a/b/c/1:2"},
    };

    (void)state;
    CHECK(rfc_base, table);
}

static void url_resolve__refuses_what_is_no_web_address(void **state)
{
    static const struct pair table[] = {
        {"", NULL},
        {"g", NULL},
        {"//host/", NULL},
        {"http:", NULL},
        {"http:///a", NULL},
        {"http://", NULL},
        {"http://?x", NULL},
        {"http://:80/", NULL},
        {"http://user@/", NULL},
        {"http://a:65536/", NULL},
        {"http://a:8x/", NULL},
        {"http://a b/", NULL},
        {"http://a<b/", NULL},
        {"http://a%2Fb/", NULL},
        {"http://a%00b/", NULL},
        {"://a/", NULL},
    };

    (void)state;
    CHECK(NULL, table);
}

static void url_resolve__refuses_a_long_one(void **state)
{
    TRAWL_AUTO_FREE char *text = trawl_xalloc(TRAWL_URL_MAX + 10);
    char *url = NULL;

    (void)state;
    memset(text, 'a', TRAWL_URL_MAX + 9);
    memcpy(text, "http://h/", 9);
    assert_int_equal(trawl_url_resolve(NULL, text, TRAWL_URL_MAX + 1, &url), -ENAMETOOLONG);
    assert_null(url);
    assert_int_equal(trawl_url_resolve(NULL, text, TRAWL_URL_MAX, &url), 0);
    assert_int_equal(strlen(url), TRAWL_URL_MAX);
    free(url);
    url = NULL;
    /* Escaping makes it longer than the limit. */
    text[TRAWL_URL_MAX - 1] = ' ';
    text[TRAWL_URL_MAX - 2] = '"';
    assert_int_equal(trawl_url_resolve(NULL, text, TRAWL_URL_MAX - 1, &url), -ENAMETOOLONG);
    assert_null(url);
}

static void url_resolve__a_nul_is_escaped_not_an_end(void **state)
{
    TRAWL_AUTO_FREE char *url = NULL;

    (void)state;
    assert_int_equal(trawl_url_resolve(NULL, "http://a/b\0c", 12, &url), 0);
    assert_string_equal(url, "http://a/b%00c");
}

static void url_split__gives_the_parts(void **state)
{
    static const struct {
        const char *url, *host, *port, *path;
    } table[] = {
        {"http://a.org/b?c", "a.org", "", "/b?c"},
        {"https://a.org:81/", "a.org", "81", "/"},
        {"http://u:p@a.org:81/@:", "a.org", "81", "/@:"},
        {"http://[::1]:81/x", "[::1]", "81", "/x"},
        {"http://[::1]/x", "[::1]", "", "/x"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_url_parts parts;

        trawl_url_split(table[i].url, &parts);
        assert_int_equal(parts.host_len, strlen(table[i].host));
        assert_memory_equal(parts.host, table[i].host, parts.host_len);
        assert_int_equal(parts.port_len, strlen(table[i].port));
        assert_memory_equal(parts.port, table[i].port, parts.port_len);
        assert_string_equal(parts.path, table[i].path);
    }
}

static void url_same_host__compares_host_and_port(void **state)
{
    (void)state;
    assert_true(trawl_url_same_host("http://a.org/", "https://a.org/x"));
    assert_true(trawl_url_same_host("http://a.org:81/", "http://u@a.org:81/x"));
    assert_false(trawl_url_same_host("http://a.org:81/", "http://a.org:82/"));
    assert_false(trawl_url_same_host("http://a.org/", "http://www.a.org/"));
}

static void url_same_domain__knows_public_suffixes(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"http://a.org/", "http://www.a.org:81/", true},
        {"http://x.y.a.org/", "http://z.a.org/", true},
        {"http://a.org/", "http://b.org/", false},
        {"http://a.co.uk/", "http://b.co.uk/", false},
        {"http://a.co.uk/", "http://www.a.co.uk/", true},
        {"http://co.uk/", "http://a.co.uk/", false},
        {"http://localhost/", "http://localhost/", true},
        {"http://localhost/", "http://a.localhost/", false},
        {"http://127.0.0.1/", "http://126.0.0.1/", false},
        {"http://127.0.0.1/", "http://127.0.0.1:81/", true},
        {"http://[::1]/", "http://[::2]/", false},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)
        assert_int_equal(trawl_url_same_domain(table[i].a, table[i].b), table[i].same);
}

static void url_fingerprint__tells_method_and_body_apart(void **state)
{
    const char *url = "http://a/";
    struct trawl_hash get = trawl_url_fingerprint(NULL, url, NULL, 0);
    struct trawl_hash post = trawl_url_fingerprint("POST", url, NULL, 0);
    struct trawl_hash one = trawl_url_fingerprint("POST", url, "1", 1);

    (void)state;
    assert_true(trawl_hash_equal(get, trawl_url_fingerprint("GET", url, "", 0)));
    assert_true(trawl_hash_equal(get, trawl_url_fingerprint("", url, NULL, 0)));
    assert_false(trawl_hash_equal(get, post));
    assert_false(trawl_hash_equal(post, one));
    assert_false(trawl_hash_equal(one, trawl_url_fingerprint("POST", url, "2", 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_resolve__rfc3986_normal_examples),
        cmocka_unit_test(url_resolve__rfc3986_other_schemes),
        cmocka_unit_test(url_resolve__rfc3986_abnormal_examples),
        cmocka_unit_test(url_resolve__canonicalises_scheme_host_and_port),
        cmocka_unit_test(url_resolve__gives_addresses_one_spelling),
        cmocka_unit_test(url_resolve__canonicalises_escapes),
        cmocka_unit_test(url_resolve__follows_browsers_where_authors_err),
        cmocka_unit_test(url_resolve__refuses_what_is_no_web_address),
        cmocka_unit_test(url_resolve__refuses_a_long_one),
        cmocka_unit_test(url_resolve__a_nul_is_escaped_not_an_end),
        cmocka_unit_test(url_split__gives_the_parts),
        cmocka_unit_test(url_same_host__compares_host_and_port),
        cmocka_unit_test(url_same_domain__knows_public_suffixes),
        cmocka_unit_test(url_fingerprint__tells_method_and_body_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
