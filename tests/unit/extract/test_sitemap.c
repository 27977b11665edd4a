#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "extract/gzip.h"
#include "extract/plan.h"
#include "extract/sitemap.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/url.h"

#define HEAD     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define SPACE    "http://www.sitemaps.org/schemas/sitemap/0.9"
#define URLSET   HEAD "<urlset xmlns=\"" SPACE "\">"
#define LOC(url) "<url><loc>" url "</loc></url>"

static struct trawl_buf said;
static size_t brought_max; /* the sink has room for no more; 0: for all */
static size_t brought;

static int say(const char *what, const char *url)
{
    if (brought_max > 0 && brought == brought_max)
        return -ENOSPC;
    brought++;
    return trawl_buf_printf(&said, "%s %s\n", what, url);
}

static int on_page(void *user, const char *url)
{
    assert_ptr_equal(user, &said);
    return say("page", url);
}

static int on_sitemap(void *user, const char *url)
{
    assert_ptr_equal(user, &said);
    return say("sitemap", url);
}

/* What this body lists, line by line, its faults, or why it cannot be read. */
static const char *read_bytes(const char *type, const char *body, size_t len)
{
    static const struct trawl_sitemap_sink sink = {
        .size = sizeof(sink), .page = on_page, .sitemap = on_sitemap, .user = &said};
    char *exact = trawl_xalloc(len + 1); /* so that the address sanitizer sees a read beyond it */
    const struct trawl_response response = {
        .size = sizeof(response),
        .status = 200,
        .url = "https://a.example/maps/sitemap.xml",
        .content_type = type,
        .body = memcpy(exact, body, len),
        .body_len = len,
    };
    struct trawl_sitemap_faults faults = {0};
    struct trawl_err err = {0};
    int r;

    trawl_buf_finish(&said);
    trawl_buf_init(&said, 16u << 20);
    brought = 0;
    r = trawl_sitemap_read(&response, &sink, &faults, &err);
    if (r < 0)
        trawl_buf_printf(&said, "error %d: %s", -r, err.message);
    else if (faults.count > 0)
        trawl_buf_printf(&said, "left out %zu: %s", faults.entries, faults.first);
    free(exact);
    return trawl_buf_text(&said);
}

static const char *read_text(const char *body)
{
    return read_bytes("application/xml", body, strlen(body));
}

#define assert_read(body, expected) assert_string_equal(read_text(body), expected)

/* --- XML ------------------------------------------------------------------------------------------- */

static void sitemap_read__takes_pages_in_their_order(void **state)
{
    (void)state;
    assert_read(URLSET
                "\n <url>\n <loc>\n https://a.example/2 \n</loc><lastmod>2026-01-31</lastmod>"
                "<changefreq>daily</changefreq><priority>0.8</priority></url>\n"
                " <url><priority>1</priority><loc>https://b.example/1</loc></url></urlset>",
                "page https://a.example/2\npage https://b.example/1\n");
}

static void sitemap_read__takes_the_sitemaps_of_an_index(void **state)
{
    (void)state;
    assert_read(HEAD "<sitemapindex xmlns='" SPACE
                     "'><sitemap><loc>https://a.example/1.xml.gz</loc>"
                     "<lastmod>2026-01-31</lastmod></sitemap>"
                     "<url><loc>https://a.example/no</loc></url></sitemapindex>",
                "sitemap https://a.example/1.xml.gz\n");
}

static void sitemap_read__knows_prefixes_and_other_namespaces(void **state)
{
    (void)state;
    assert_read(HEAD "<sm:urlset xmlns:sm='" SPACE "'><sm:url><sm:loc>https://a.example/</sm:loc>"
                     "</sm:url></sm:urlset>",
                "page https://a.example/\n");
    assert_read("<urlset><url><loc>https://a.example/none</loc></url></urlset>",
                "page https://a.example/none\n");
    assert_read(HEAD "<urlset xmlns='" SPACE "' xmlns:image='urn:image' xmlns:x='urn:x'><url>"
                     "<x:loc>https://a.example/x</x:loc>"
                     "<image:image><image:loc>https://a.example/1.png</image:loc></image:image>"
                     "<loc>https://a.example/</loc></url>"
                     "<x:url><loc>https://a.example/other</loc></x:url></urlset>",
                "page https://a.example/\n");
}

/* Nothing says what they are, but it cannot be the entries. */
static void sitemap_read__passes_over_prefixes_that_nobody_declared(void **state)
{
    (void)state;
    assert_read(URLSET "<url><image:loc>https://a.example/1.png</image:loc>"
                       "<loc>https://a.example/</loc></url></urlset>",
                "page https://a.example/\n");
    assert_read("<urlset><url><image:loc>https://a.example/1.png</image:loc>"
                "<loc>https://a.example/</loc></url></urlset>",
                "page https://a.example/\n");
}

static void sitemap_read__replaces_references_and_joins_cdata(void **state)
{
    (void)state;
    assert_read(URLSET LOC("https://a.example/?a=1&amp;b=&#x63;&#100;")
                    LOC("<![CDATA[https://a.example/]]>x?<![CDATA[d&e]]>") "</urlset>",
                "page https://a.example/?a=1&b=cd\npage https://a.example/x?d&e\n");
}

static void sitemap_read__passes_over_instructions_and_comments(void **state)
{
    (void)state;
    assert_read("\n\n" HEAD "<?xml-stylesheet type='text/xsl' href='//b.example/x.xsl'?><!-- a -->"
                "<urlset><!-- b --><url><loc>https://a.example/<!-- c -->1</loc></url></urlset>"
                "<!-- d -->\n",
                "page https://a.example/1\n");
}

static void sitemap_read__makes_urls_absolute_and_canonical(void **state)
{
    (void)state;
    assert_read("<urlset>" LOC("HTTPS://B.example:443/a b#c") LOC("/x") LOC("y") "</urlset>",
                "page https://b.example/a%20b\npage https://a.example/x\n"
                "page https://a.example/maps/y\n");
}

static void sitemap_read__decodes_what_it_is_written_in(void **state)
{
    static const char latin[] = "<?xml version='1.0' encoding='iso-8859-1'?><urlset><url>"
                                "<loc>https://a.example/\xe9</loc></url></urlset>";
    static const char sixteen[] = "\xff\xfe<\0u\0r\0l\0s\0e\0t\0>\0<\0u\0r\0l\0>\0<\0l\0o\0c\0>\0"
                                  "/\0\x31\0<\0/\0l\0o\0c\0>\0<\0/\0u\0r\0l\0>\0<\0/\0u\0r\0l\0"
                                  "s\0e\0t\0>";

    (void)state;
    assert_read(latin, "page https://a.example/%C3%A9\n");
    assert_read("\xef\xbb\xbf" HEAD "<urlset>" LOC("/\xc3\xa9") "</urlset>",
                "page https://a.example/%C3%A9\n");
    assert_string_equal(read_bytes("", sixteen, sizeof(sixteen)), "page https://a.example/1\n");
}

static void sitemap_read__of_no_entries_is_nothing(void **state)
{
    (void)state;
    assert_read(URLSET "</urlset>", "");
    assert_read("<sitemapindex/>", "");
}

/* --- damaged XML ----------------------------------------------------------------------------------- */

static void sitemap_read__leaves_out_an_entry_that_is_damaged(void **state)
{
    (void)state;
    assert_read(URLSET LOC("https://a.example/1") "\n" LOC("https://a.example/2?a=1&b=2")
                    LOC("https://a.example/3?a=1&amp;b=2") "</urlset>",
                "page https://a.example/1\npage https://a.example/3?a=1&b=2\n"
                "left out 1: line 3: EntityRef: expecting ';'");
    assert_read("<urlset>" LOC("/1") LOC("/&nbsp;2") LOC("/3&amp;") "</urlset>",
                "page https://a.example/1\npage https://a.example/3&\n"
                "left out 1: line 1: Entity 'nbsp' not defined");
    assert_read("<urlset><url></url>" LOC("") LOC("/1") LOC("mailto:a@b") "</urlset>",
                "page https://a.example/1\nleft out 3: line 1: a <url> without a <loc>");
}

static void sitemap_read__goes_on_to_where_it_breaks_off(void **state)
{
    (void)state;
    assert_read("<urlset>" LOC("/1") "<url><loc>/2</loc></url><url><loc>/3",
                "page https://a.example/1\npage https://a.example/2\n"
                "left out 1: line 1: Premature end of data in tag loc line 1");
    assert_read("<urlset>" LOC("/1") "\n<url><loc>/2</url>" LOC("/3") "</urlset>",
                "page https://a.example/1\n"
                "left out 1: line 2: Opening and ending tag mismatch: loc line 2 and url");
    assert_read("<urlset>" LOC("/1") "<url a=b>" LOC("/2") LOC("/3") "</urlset>",
                "page https://a.example/1\npage https://a.example/2\npage https://a.example/3\n"
                "left out 1: line 1: AttValue: \" or ' expected");
    assert_read("<urlset>" LOC("/1") "</urlset>\n<p>Made by nobody</p>",
                "page https://a.example/1\n"
                "left out 0: line 2: Extra content at the end of the document");
}

static void sitemap_read__tells_what_is_no_sitemap(void **state)
{
    (void)state;
    assert_read("<!DOCTYPE html><html><body>404</body></html>",
                "error 22: no sitemap: it has the document type 'html'");
    assert_read("<html><body>404</body></html>",
                "error 22: no sitemap: expected <urlset> or <sitemapindex>, not <html>");
    assert_read("<!-- nothing -->",
                "error 22: no sitemap: line 1: Start tag expected, '<' not found");
    assert_read("", "error 22: no sitemap: it is empty");
    assert_read(" \n ", "error 22: no sitemap: it is empty");
    assert_read("<urlset><url><loc>/1",
                "error 22: nothing of this sitemap can be read: line 1: Premature end of data in "
                "tag loc line 1");
}

/* A thousand million laughs, and a file of this machine: the document type is where reading ends. */
static void sitemap_read__expands_no_entities(void **state)
{
    (void)state;
    assert_read("<!DOCTYPE urlset [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
                "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><urlset>" LOC("/&c;") "</urlset>",
                "error 22: no sitemap: it has the document type 'urlset'");
    assert_read("<!DOCTYPE urlset [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><urlset>" LOC(
                    "/&a;") "</urlset>",
                "error 22: no sitemap: it has the document type 'urlset'");
    assert_read("<!DOCTYPE urlset SYSTEM 'http://127.0.0.1:9/x.dtd'><urlset>" LOC("/1") "</urlset>",
                "error 22: no sitemap: it has the document type 'urlset'");
}

static void sitemap_read__nests_only_so_deep(void **state)
{
    struct trawl_buf body;

    (void)state;
    trawl_buf_init(&body, 1u << 20);
    trawl_buf_append_text(&body, "<urlset>" LOC("/1") "<url><loc>/2</loc>");
    for (int i = 0; i < 10000; i++)
        trawl_buf_append_text(&body, "<a>");
    assert_non_null(strstr(read_text(trawl_buf_text(&body)),
                           "page https://a.example/1\nleft out 1: line 1: Excessive depth"));
    trawl_buf_finish(&body);
}

static void sitemap_read__leaves_out_a_url_that_is_too_long(void **state)
{
    char path[3 * TRAWL_URL_MAX];
    char body[4 * TRAWL_URL_MAX];

    (void)state;
    for (size_t len = TRAWL_URL_MAX; len < sizeof(path); len += TRAWL_URL_MAX) {
        memset(path, 'x', len);
        path[len] = '\0';
        snprintf(body, sizeof(body), "<urlset>" LOC("/1") LOC("/%s") LOC("/3") "</urlset>", path);
        assert_read(body, "page https://a.example/1\npage https://a.example/3\n"
                          "left out 1: line 1: a URL of more than 8192 bytes");
    }
}

/* --- limits ---------------------------------------------------------------------------------------- */

static void append_entries(struct trawl_buf *body, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        trawl_buf_append_text(body, LOC("/1"));
}

static void sitemap_read__refuses_more_entries_than_the_protocol_allows(void **state)
{
    struct trawl_buf body;
    const char *error = "error 7: a sitemap of more than 50000 entries";

    (void)state;
    trawl_buf_init(&body, 16u << 20);
    trawl_buf_append_text(&body, "<urlset>");
    append_entries(&body, TRAWL_SITEMAP_ENTRIES_MAX);
    trawl_buf_append_text(&body, "</urlset>");
    assert_null(strstr(read_text(trawl_buf_text(&body)), "error"));
    assert_int_equal(brought, TRAWL_SITEMAP_ENTRIES_MAX);
    trawl_buf_clear(&body);
    trawl_buf_append_text(&body, "<urlset>");
    append_entries(&body, TRAWL_SITEMAP_ENTRIES_MAX + 1);
    assert_non_null(strstr(read_text(trawl_buf_text(&body)), error));
    trawl_buf_clear(&body);
    for (unsigned i = 0; i <= TRAWL_SITEMAP_ENTRIES_MAX; i++)
        trawl_buf_append_text(&body, i % 2 ? "no\n" : "http://a/\n");
    assert_non_null(strstr(read_text(trawl_buf_text(&body)), error));
    trawl_buf_finish(&body);
}

static void sitemap_read__passes_on_what_the_sink_says(void **state)
{
    (void)state;
    brought_max = 2;
    assert_read("<urlset>" LOC("/1") LOC("/2") LOC("/3") LOC("/4") "</urlset>",
                "page https://a.example/1\npage https://a.example/2\nerror 28: ");
    assert_read("https://a.example/1\nhttps://a.example/2\nhttps://a.example/3\n",
                "page https://a.example/1\npage https://a.example/2\nerror 28: ");
    brought_max = 0;
}

/* --- lists ----------------------------------------------------------------------------------------- */

static void sitemap_read__takes_a_list_of_urls(void **state)
{
    (void)state;
    assert_read(
        "\xef\xbb\xbfhttps://a.example/1\r\n\r\n  https://a.example/2  \rhttps://a.example/3",
        "page https://a.example/1\npage https://a.example/2\npage https://a.example/3\n");
    assert_read("\nhttps://a.example/1\nnone\n/2\n",
                "page https://a.example/1\nleft out 2: line 3: 'none' is no http or https URL");
    assert_read("{\"error\": \x1b\"not found\"}",
                "error 22: nothing of this sitemap can be read: line 1: "
                "'{\"error\": \\x1b\"not found\"}' is no http or https URL");
}

/* --- gzip ------------------------------------------------------------------------------------------ */

/* One member. */
static void pack(struct trawl_buf *packed, const char *bytes, size_t len)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes, .avail_in = (uInt)len};
    unsigned char piece[4096];
    int code;

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof(piece);
        code = deflate(&stream, Z_FINISH);
        trawl_buf_append(packed, piece, sizeof(piece) - stream.avail_out);
    } while (code == Z_OK);
    assert_int_equal(code, Z_STREAM_END);
    deflateEnd(&stream);
}

static void sitemap_read__unpacks_gzip_whatever_it_is_called(void **state)
{
    static const char xml[] = URLSET LOC("https://a.example/1") LOC("https://a.example/2");
    struct trawl_buf packed;

    (void)state;
    trawl_buf_init(&packed, 1u << 20);
    pack(&packed, xml, strlen(xml));
    pack(&packed, "</urlset>", 9);
    trawl_buf_append_text(&packed, "left by the disk"); /* as tape drives did */
    assert_string_equal(read_bytes("application/x-gzip", packed.data, packed.len),
                        "page https://a.example/1\npage https://a.example/2\n");
    assert_string_equal(read_bytes("text/plain", packed.data, packed.len),
                        "page https://a.example/1\npage https://a.example/2\n");
    trawl_buf_clear(&packed);
    pack(&packed, "https://a.example/1\n", 20);
    assert_string_equal(read_bytes("", packed.data, packed.len), "page https://a.example/1\n");
    trawl_buf_finish(&packed);
}

/* Its URLs look random, so that its end comes from the packed end, and its last line is never half of one. */
static void sitemap_read__reads_damaged_gzip_as_far_as_it_goes(void **state)
{
    struct trawl_buf text;
    struct trawl_buf packed;
    const char *shown;

    (void)state;
    trawl_buf_init(&text, 1u << 20);
    trawl_buf_init(&packed, 1u << 20);
    for (uint32_t i = 1; i < 3000; i++)
        trawl_buf_printf(&text, "https://a.example/%08x-end\n", i * 2654435761u);
    pack(&packed, text.data, text.len);
    shown = read_bytes("", packed.data, packed.len / 2);
    assert_non_null(strstr(shown, "left out 1: its gzip data is damaged, or breaks off"));
    assert_true(brought > 1000 && brought < 2000);
    for (const char *at = strstr(shown, "page"); at; at = strstr(at + 1, "page"))
        assert_memory_equal(strchr(at, '\n') - 4, "-end", 4);
    assert_string_equal(read_bytes("", packed.data, 12),
                        "error 22: no sitemap: its gzip data is damaged");
    packed.data[packed.len - 6] ^= 1; /* its checksum */
    assert_non_null(strstr(read_bytes("", packed.data, packed.len), "left out 0: its gzip data"));
    assert_int_equal(brought, 2999);
    trawl_buf_finish(&text);
    trawl_buf_finish(&packed);
}

static void sitemap_read__refuses_what_is_too_large_unpacked(void **state)
{
    size_t len = TRAWL_SITEMAP_MAX + 1;
    char *spaces = trawl_xalloc(len);
    struct trawl_buf packed;

    (void)state;
    trawl_buf_init(&packed, 1u << 20);
    memset(spaces, ' ', len);
    pack(&packed, spaces, len);
    assert_true(packed.len < 64u << 10);
    assert_string_equal(read_bytes("", packed.data, packed.len),
                        "error 27: a sitemap of more than 52428800 bytes, unpacked");
    assert_string_equal(read_bytes("", spaces, len),
                        "error 27: a sitemap of more than 52428800 bytes");
    assert_string_equal(read_bytes("", spaces, len - 1), "error 22: no sitemap: it is empty");
    free(spaces);
    trawl_buf_finish(&packed);
}

static int finish(void **state)
{
    (void)state;
    trawl_buf_finish(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sitemap_read__takes_pages_in_their_order),
        cmocka_unit_test(sitemap_read__takes_the_sitemaps_of_an_index),
        cmocka_unit_test(sitemap_read__knows_prefixes_and_other_namespaces),
        cmocka_unit_test(sitemap_read__passes_over_prefixes_that_nobody_declared),
        cmocka_unit_test(sitemap_read__replaces_references_and_joins_cdata),
        cmocka_unit_test(sitemap_read__passes_over_instructions_and_comments),
        cmocka_unit_test(sitemap_read__makes_urls_absolute_and_canonical),
        cmocka_unit_test(sitemap_read__decodes_what_it_is_written_in),
        cmocka_unit_test(sitemap_read__of_no_entries_is_nothing),
        cmocka_unit_test(sitemap_read__leaves_out_an_entry_that_is_damaged),
        cmocka_unit_test(sitemap_read__goes_on_to_where_it_breaks_off),
        cmocka_unit_test(sitemap_read__tells_what_is_no_sitemap),
        cmocka_unit_test(sitemap_read__expands_no_entities),
        cmocka_unit_test(sitemap_read__nests_only_so_deep),
        cmocka_unit_test(sitemap_read__leaves_out_a_url_that_is_too_long),
        cmocka_unit_test(sitemap_read__refuses_more_entries_than_the_protocol_allows),
        cmocka_unit_test(sitemap_read__passes_on_what_the_sink_says),
        cmocka_unit_test(sitemap_read__takes_a_list_of_urls),
        cmocka_unit_test(sitemap_read__unpacks_gzip_whatever_it_is_called),
        cmocka_unit_test(sitemap_read__reads_damaged_gzip_as_far_as_it_goes),
        cmocka_unit_test(sitemap_read__refuses_what_is_too_large_unpacked),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
