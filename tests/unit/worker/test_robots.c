/* robots.txt: RFC 9309, and the corner cases of Google's parser (github.com/google/robotstxt, robots_test.cc). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/url.h"
#include "worker/robots.h"
#include "worker/robots_priv.h"

static struct trawl_robots *parse(const char *text, const char *user_agent)
{
    struct trawl_robots *robots = NULL;

    assert_int_equal(trawl_robots_parse(text, strlen(text), user_agent, &robots), 0);
    return robots;
}

struct question {
    const char *path;
    bool allowed;
};

#define QUESTIONS_MAX 14

struct example {
    const char *source; /* the section of RFC 9309, or the test of Google's */
    const char *text;
    const char *user_agent; /* NULL is "FooBot" */
    struct question questions[QUESTIONS_MAX];
};

static void check_example(const struct example *example)
{
    struct trawl_robots *robots =
        parse(example->text, example->user_agent ? example->user_agent : "FooBot");

    for (const struct question *question = example->questions; question->path; question++) {
        struct trawl_robots_rule rule = {0};
        bool allowed = trawl_robots_allows(robots, question->path, &rule);

        if (allowed != question->allowed)
            print_error("%s: %s is %s by line %u, '%s', of\n%s", example->source, question->path,
                        allowed ? "allowed" : "disallowed", rule.line, rule.text, example->text);
        assert_int_equal(allowed, question->allowed);
    }
    trawl_robots_free(robots);
}

#define CHECK(table)                                                                               \
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)                                           \
    check_example(&(table)[i])

static void robots__lines(void **state)
{
    static const struct example table[] = {
        {"2.2: key, colon, value", "user-agent: FooBot\ndisallow: /\n", NULL, {{"/x/y", false}}},
        {"2.2: other keys mean nothing", "foo: FooBot\nbar: /\n", NULL, {{"/x/y", true}}},
        {"Google ID_LineSyntax_Line: a colon left out",
         "user-agent FooBot\ndisallow /\n",
         NULL,
         {{"/x/y", false}}},
        {"Google: without a colon there are two words",
         "user-agent: FooBot\ndisallow / please\nallow\n",
         NULL,
         {{"/", true}, {"/x", true}}},
        {"2.2: blanks around key, colon and value",
         " \tuser-agent \t: \tFooBot \t\n\tdisallow\t:\t/x \t# no\n",
         NULL,
         {{"/x", false}, {"/y", true}}},
        {"2.2: no blank is needed", "User-agent:FooBot\nDisallow:/x", NULL, {{"/x", false}}},
        {"Google ID_REPLineNamesCaseInsensitive: upper case",
         "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
         NULL,
         {{"/x/y", true}, {"/a/b", false}}},
        {"Google ID_REPLineNamesCaseInsensitive: mixed case",
         "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n",
         NULL,
         {{"/x/y", true}, {"/a/b", false}}},
        {"2.2: CR ends a line",
         "User-agent: FooBot\rDisallow: /x\r\rDisallow: /y",
         NULL,
         {{"/x", false}, {"/y", false}, {"/z", true}}},
        {"2.2: CRLF ends a line",
         "User-agent: FooBot\r\nDisallow: /x\r\n\r\nDisallow: /y\r\n",
         NULL,
         {{"/x", false}, {"/y", false}, {"/z", true}}},
        {"Google ID_UTF8ByteOrderMarkIsSkipped",
         "\xef\xbb\xbfUser-Agent: FooBot\nDisallow: /\n",
         NULL,
         {{"/x", false}}},
        {"Google: two bytes of the mark",
         "\xef\xbbUser-Agent: FooBot\nDisallow: /\n",
         NULL,
         {{"/x", false}}},
        {"Google: one byte of the mark",
         "\xefUser-Agent: FooBot\nDisallow: /\n",
         NULL,
         {{"/x", false}}},
        {"Google: no mark, so no known key",
         "\xef\x11\xbfUser-Agent: FooBot\nDisallow: /\n",
         NULL,
         {{"/x", true}}},
        {"Google: a mark further down",
         "User-Agent: FooBot\n\xef\xbb\xbf"
         "Disallow: /\n",
         NULL,
         {{"/x", true}}},
        {"2.2.3: comments",
         "User-agent: FooBot # me\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
         NULL,
         {{"/foo/bar", true}, {"/foo/quz", false}}},
        {"2.3.1.5: the lines that can be parsed count",
         "<html>\n:\n::\n \nUser-agent: FooBot\n\x01\x02\n=\nDisallow: /x\n</html>\n",
         NULL,
         {{"/x", false}, {"/y", true}}},
    };

    (void)state;
    CHECK(table);
}

static void robots__misspelt_keys(void **state)
{
    static const char *const agents[] = {"user-agent", "useragent", "user agent", "user-agents"};
    static const char *const disallows[] = {"disallow", "dissallow", "dissalow",  "disalow",
                                            "diasllow", "disallaw",  "disallowed"};
    static const char *const others[] = {"user_agent", "dis-allow", "isallow", "xallow", "no"};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(agents); i++) {
        TRAWL_AUTO_FREE char *text = trawl_xasprintf("%s: FooBot\ndisallow: /", agents[i]);
        check_example(&(struct example){"Google KeyIsUserAgent", text, NULL, {{"/x", false}}});
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(disallows); i++) {
        TRAWL_AUTO_FREE char *text = trawl_xasprintf("user-agent: FooBot\n%s: /", disallows[i]);
        check_example(&(struct example){"Google KeyIsDisallow", text, NULL, {{"/x", false}}});
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(others); i++) {
        TRAWL_AUTO_FREE char *text = trawl_xasprintf("user-agent: FooBot\n%s: /", others[i]);
        check_example(&(struct example){"2.2", text, NULL, {{"/x", true}}});
    }
}

static void robots__groups(void **state)
{
    static const char groups[] = "allow: /foo/bar/\n"
                                 "\n"
                                 "user-agent: FooBot\n"
                                 "disallow: /\n"
                                 "allow: /x/\n"
                                 "user-agent: BarBot\n"
                                 "disallow: /\n"
                                 "allow: /y/\n"
                                 "\n"
                                 "\n"
                                 "allow: /w/\n"
                                 "user-agent: BazBot\n"
                                 "\n"
                                 "user-agent: FooBot\n"
                                 "allow: /z/\n"
                                 "disallow: /\n";
    static const char own_and_all[] = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n";
    static const char after_sitemap[] =
        "User-agent: BarBot\nSitemap: https://foo.bar/s\nUser-agent: *\nDisallow: /\n";
    static const char after_unknown[] =
        "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n";
    static const char after_delay[] = "User-agent: *\n"
                                      "Crawl-delay: 10\n"
                                      "\n"
                                      "User-agent: BarBot\n"
                                      "Disallow: /\n";
    static const struct example table[] = {
        {"2.2.1: groups for the same crawler are one",
         groups,
         "FooBot",
         {{"/x/b", true}, {"/z/d", true}, {"/y/c", false}, {"/foo/bar/", false}}},
        {"2.1: an empty line ends no group",
         groups,
         "BarBot",
         {{"/y/c", true}, {"/w/a", true}, {"/z/d", false}, {"/foo/bar/", false}}},
        {"2.1: several user-agent lines share a group",
         groups,
         "BazBot",
         {{"/z/d", true}, {"/foo/bar/", false}}},
        {"2.2.2: rules before the first group", groups, "QuxBot", {{"/foo/bar/", true}}},
        {"2.2.1: a group of one's own", own_and_all, "FooBot", {{"/x/y", false}}},
        {"2.2.1: or the one for all", own_and_all, "BarBot", {{"/x/y", true}}},
        {"2.2.1: or none",
         "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\n",
         "QuxBot",
         {{"/x/y", true}}},
        {"2.2.1: one's own group replaces the one for all, wherever it stands",
         "User-agent: FooBot\nDisallow: /y/\nUser-agent: *\nDisallow: /x/\n",
         NULL,
         {{"/x/page", true}, {"/y/page", false}}},
        {"Google ID_LongestMatch: one's own group need not forbid",
         "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n",
         NULL,
         {{"/x/page", true}, {"/y/page", false}}},
        {"2.2.1: one's own group with an empty rule",
         "User-agent: *\nDisallow: /\nUser-agent: FooBot\nDisallow:\n",
         NULL,
         {{"/x", true}}},
        {"2.1: the last group may be empty",
         "User-agent: *\nDisallow: /\nUser-agent: FooBot\n",
         NULL,
         {{"/x", true}}},
        {"2.1: an empty rule ends the user-agent lines",
         "User-agent: FooBot\nDisallow:\nUser-agent: BarBot\nDisallow: /\n",
         NULL,
         {{"/x", true}}},
        {"2.2.1: named beside the star",
         "User-agent: *\nUser-agent: FooBot\nDisallow: /x\nUser-agent: *\nDisallow: /y\n",
         NULL,
         {{"/x", false}, {"/y", true}}},
        {"2.2.4: a sitemap ends no group", after_sitemap, "FooBot", {{"/", false}}},
        {"Google ID_LineSyntax_Groups_OtherRules", after_sitemap, "BarBot", {{"/", false}}},
        {"2.2.4: nor does an unknown line", after_unknown, "FooBot", {{"/", false}}},
        {"Google ID_LineSyntax_Groups_OtherRules", after_unknown, "BarBot", {{"/", false}}},
        {"ours: but Crawl-delay is a rule", after_delay, "FooBot", {{"/", true}}},
        {"ours: but Crawl-delay is a rule", after_delay, "BarBot", {{"/", false}}},
        {"2.2.1: no groups at all", "", NULL, {{"/", true}}},
    };

    (void)state;
    CHECK(table);
}

static void robots__product_tokens(void **state)
{
    static const char for_trawl[] = "User-agent: TRAWL\nDisallow: /\n";
    static const char for_all[] = "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\n";
    static const struct example table[] = {
        {"2.2.1: case does not matter", for_trawl, "trawl", {{"/", false}}},
        {"2.2.1: a version follows", for_trawl, "Trawl/0.1", {{"/", false}}},
        {"2.2.1: a comment follows", for_trawl, "Trawl/0.1 (+http://e.org/)", {{"/", false}}},
        {"2.2.1: the whole token", for_trawl, "Trawler/0.1", {{"/", true}}},
        {"2.2.1: the whole token", for_trawl, "Tra/0.1", {{"/", true}}},
        {"2.2.1: letters, hyphen, underscore",
         "User-agent: my-own_bot\nDisallow: /\n",
         "My-Own_Bot/2",
         {{"/", false}}},
        {"2.2.1: the example",
         "User-agent: ExampleBot\nDisallow: /\n",
         "Mozilla/5.0 (compatible; ExampleBot/0.1; https://www.example.com/bot.html)",
         {{"/", false}}},
        {"2.2.1: a browser",
         "User-agent: mozilla\nDisallow: /\n",
         "Mozilla/5.0 (X11; Linux x86_64)",
         {{"/", false}}},
        {"2.2.1: no token", for_trawl, "", {{"/", true}}},
        {"2.2.1: no token", "User-agent:\nDisallow: /\n", "", {{"/", true}}},
        {"2.2.1: no token: the group for all", for_all, "", {{"/", false}}},
        {"Google GoogleOnly_AcceptUserAgentUpToFirstSpace", for_all, "Foo", {{"/x/y", true}}},
        {"Google: a version on the line",
         "User-agent: FooBot/2.1\nDisallow: /\n",
         NULL,
         {{"/", false}}},
        {"Google ID_UserAgentValueCaseInsensitive",
         "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n",
         "foo",
         {{"/x/y", true}, {"/a/b", false}}},
        {"Google: words behind the star",
         "User-agent: * for you all\nDisallow: /\n",
         NULL,
         {{"/", false}}},
        {"Google: a star in a name", "User-agent: *Bot\nDisallow: /\n", NULL, {{"/", true}}},
        {"Google: a star in a name", "User-agent: Foo*\nDisallow: /\n", NULL, {{"/", true}}},
    };

    (void)state;
    CHECK(table);
}

static void robots__longest_match(void **state)
{
    static const struct example table[] = {
        {"5.2: the example",
         "User-Agent: foobot\n"
         "Allow: /example/page/\n"
         "Disallow: /example/page/disallowed.gif\n",
         NULL,
         {{"/example/page/", true}, {"/example/page/disallowed.gif", false}}},
        {"Google ID_LongestMatch: longer disallow",
         "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n",
         NULL,
         {{"/x/page.html", false}}},
        {"Google ID_LongestMatch: longer allow",
         "user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n",
         NULL,
         {{"/x/page.html", true}, {"/x/", false}}},
        {"2.2.2: empty patterns fit nothing",
         "user-agent: FooBot\ndisallow: \nallow: \n",
         NULL,
         {{"/x/page.html", true}}},
        {"2.2.2: allow wins a tie",
         "user-agent: FooBot\ndisallow: /\nallow: /\n",
         NULL,
         {{"/x/page.html", true}}},
        {"2.2.2: allow wins a tie of different patterns",
         "user-agent: FooBot\ndisallow: /x/*\nallow: *age\n",
         NULL,
         {{"/x/page.html", true}}},
        {"Google ID_LongestMatch: a slash more",
         "user-agent: FooBot\ndisallow: /x\nallow: /x/\n",
         NULL,
         {{"/x", false}, {"/x/", true}}},
        {"Google ID_LongestMatch: a wildcard's octets count",
         "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n",
         NULL,
         {{"/page.html", false}, {"/page", true}}},
        {"Google ID_LongestMatch: longer than the wildcard",
         "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n",
         NULL,
         {{"/x/page.html", true}, {"/x/y.html", false}}},
        {"Google documentation: order of precedence",
         "user-agent: FooBot\nallow: /p\ndisallow: /\n",
         NULL,
         {{"/page", true}}},
        {"Google documentation: order of precedence",
         "user-agent: FooBot\nallow: /folder\ndisallow: /folder\n",
         NULL,
         {{"/folder/page", true}}},
        {"Google documentation: order of precedence",
         "user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n",
         NULL,
         {{"/page.htm", false}}},
        {"Google documentation: order of precedence",
         "user-agent: FooBot\nallow: /$\ndisallow: /\n",
         NULL,
         {{"/", true}, {"/page.htm", false}}},
        {"2.2.2: octets are counted escaped",
         "user-agent: FooBot\ndisallow: /\xc3\xa9\nallow: /*****\n",
         NULL,
         {{"/%C3%A9", false}}},
    };

    (void)state;
    CHECK(table);
}

static void robots__patterns(void **state)
{
#define ONLY(pattern) "user-agent: FooBot\ndisallow: /\nallow: " pattern "\n"
    static const struct example table[] = {
        {"Google documentation: /fish",
         ONLY("/fish"),
         NULL,
         {{"/bar", false},
          {"/fish", true},
          {"/fish.html", true},
          {"/fish/salmon.html", true},
          {"/fishheads", true},
          {"/fishheads/yummy.html", true},
          {"/fish.html?id=anything", true},
          {"/Fish.asp", false},
          {"/catfish", false},
          {"/?id=fish", false}}},
        {"Google documentation: /fish* is /fish",
         ONLY("/fish*"),
         NULL,
         {{"/bar", false},
          {"/fish", true},
          {"/fish.html", true},
          {"/fish/salmon.html", true},
          {"/fishheads", true},
          {"/fish.html?id=anything", true},
          {"/Fish.bar", false},
          {"/catfish", false},
          {"/?id=fish", false}}},
        {"Google documentation: /fish/ is not /fish",
         ONLY("/fish/"),
         NULL,
         {{"/fish/", true},
          {"/fish/salmon", true},
          {"/fish/?salmon", true},
          {"/fish/?id=anything", true},
          {"/fish", false},
          {"/fish.html", false},
          {"/Fish/Salmon.html", false}}},
        {"Google documentation: /*.php",
         ONLY("/*.php"),
         NULL,
         {{"/filename.php", true},
          {"/folder/filename.php", true},
          {"/folder/filename.php?parameters", true},
          {"//folder/any.php.file.html", true},
          {"/filename.php/", true},
          {"/index?f=filename.php/", true},
          {"/php/", false},
          {"/index?php", false},
          {"/windows.PHP", false}}},
        {"Google documentation: /*.php$",
         ONLY("/*.php$"),
         NULL,
         {{"/filename.php", true},
          {"/folder/filename.php", true},
          {"/filename.php.php", true},
          {"/filename.php?parameters", false},
          {"/filename.php/", false},
          {"/filename.php5", false},
          {"/php/", false},
          {"/filename?php", false},
          {"/aaaphpaaa", false},
          {"//windows.PHP", false}}},
        {"Google documentation: /fish*.php",
         ONLY("/fish*.php"),
         NULL,
         {{"/bar", false},
          {"/fish.php", true},
          {"/fishheads/catfish.php?parameters", true},
          {"/Fish.PHP", false}}},
        {"Google ID_AllowDisallow_Value_CaseSensitive",
         "user-agent: FooBot\ndisallow: /X/\n",
         NULL,
         {{"/x/y", true}, {"/X/y", false}}},
        {"Google ID_SpecialCharacters: a star in the middle",
         "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
         NULL,
         {{"/foo/bar/quz", false}, {"/foo/quz", true}, {"/foo//quz", true}}},
        {"Google ID_SpecialCharacters: an end",
         "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
         NULL,
         {{"/foo/bar", false},
          {"/foo/bar/qux", true},
          {"/foo/bar/", true},
          {"/foo/bar/baz", true}}},
        {"5.1: the simple example",
         "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n",
         NULL,
         {{"/a.gif", false}, {"/a.gif?b", true}, {"/example/a", false}, {"/publications/a", true}}},
        {"5.1: the simple example",
         "User-Agent: foobot\nDisallow:/\n"
         "Allow:/example/page.html\nAllow:/example/allowed.gif\n",
         NULL,
         {{"/a", false}, {"/example/page.html", true}, {"/example/allowed.gif", true}}},
        {"2.2.2: matching starts with the first octet",
         "User-agent: FooBot\nDisallow: x\nDisallow: http://foo.bar/\n",
         NULL,
         {{"/x", true}, {"/", true}}},
        {"2.2.2: /robots.txt",
         "User-agent: FooBot\nDisallow: /\n",
         NULL,
         {{"/robots.txt", true}, {"/robots.txt5", false}, {"/x/robots.txt", false}}},
        {"ours, against Google's GoogleOnly_IndexHTMLisDirectory",
         ONLY("/dir/index.html"),
         NULL,
         {{"/dir/index.html", true}, {"/dir/", false}, {"/dir/index.htm", false}}},
    };

    (void)state;
    CHECK(table);
}

static void robots__escapes(void **state)
{
    static const struct example table[] = {
        {"2.2.2: nothing to escape", ONLY("/foo/bar?baz=quz"), NULL, {{"/foo/bar?baz=quz", true}}},
        {"Google ID_Encoding: a URL in a query",
         ONLY("/foo/bar?qux=taz&baz=http://foo.bar?tar&par"),
         NULL,
         {{"/foo/bar?qux=taz&baz=http://foo.bar?tar&par", true}}},
        {"2.2.2: a reserved character is not its escape",
         ONLY("/foo%2Fbar?a=b%26c"),
         NULL,
         {{"/foo%2Fbar?a=b%26c", true}, {"/foo/bar?a=b%26c", false}, {"/foo%2Fbar?a=b&c", false}}},
        {"2.2.2: beyond ASCII",
         ONLY("/foo/bar/\xe3\x83\x84"),
         NULL,
         {{"/foo/bar/%E3%83%84", true}, {"/foo/bar/%e3%83%84", true}, {"/foo/bar/", false}}},
        {"2.2.2: against Google's, in the URL too",
         ONLY("/foo/bar/%E3%83%84"),
         NULL,
         {{"/foo/bar/\xe3\x83\x84", true}, {"/foo/bar/%E3%83%84", true}}},
        {"2.2.2: against Google's, unreserved characters are decoded",
         ONLY("/foo/bar/%62%61%7A"),
         NULL,
         {{"/foo/bar/baz", true}, {"/foo/bar/%62%61%7A", true}, {"/foo/bar/%62%61%7a", true}}},
        {"2.2.2: in the URL",
         ONLY("/~joe/-_."),
         NULL,
         {{"/%7Ejoe/%2D%5F%2e", true}, {"/%7ejoe/-_.", true}}},
        {"Google TestMaybeEscapePattern: digits in upper case",
         ONLY("/%aa"),
         NULL,
         {{"/%AA", true}}},
        {"2.2.3: a star that means itself",
         ONLY("/path/file-with-a-%2A.html"),
         NULL,
         {{"/path/file-with-a-*.html", true},
          {"/path/file-with-a-%2a.html", true},
          {"/path/file-with-a-x.html", false}}},
        {"2.2.3: a dollar that means itself",
         ONLY("/path/foo-%24"),
         NULL,
         {{"/path/foo-$", true}, {"/path/foo-%24", true}, {"/path/foo-", false}}},
        {"Google Matches: a dollar before the end is plain",
         ONLY("/a$b"),
         NULL,
         {{"/a$b", true}, {"/a%24b", true}, {"/a", false}}},
        {"2.2.2: what canonical URLs escape",
         ONLY("/a b/{id}\"<>^`|"),
         NULL,
         {{"/a%20b/%7Bid%7D%22%3C%3E%5E%60%7C", true}}},
        {"2.2.2: a percent sign alone",
         ONLY("/100%/%4/%zz%"),
         NULL,
         {{"/100%25/%254/%25zz%25", true}, {"/100%/%4/%zz%", true}}},
    };

    (void)state;
    CHECK(table);
}

/* Every URL comes to allows() in its canonical form, and a pattern is written as people write: they must meet. */
static void robots__canonical_urls_fit_what_was_written(void **state)
{
    (void)state;
    for (int c = 0x21; c < 0x100; c++) {
        struct trawl_url_parts parts;
        TRAWL_AUTO_FREE char *text = NULL;
        TRAWL_AUTO_FREE char *url = NULL;
        char written[] = {'/', '-', '?', (char)c, '.', '\0'};
        struct trawl_robots *robots;

        if (strchr("#*", c))
            continue;
        text = trawl_xasprintf("User-agent: *\nDisallow: %s\n", written);
        robots = parse(text, "FooBot");
        assert_int_equal(trawl_url_resolve("http://e.org/", written, strlen(written), &url), 0);
        trawl_url_split(url, &parts);
        if (trawl_robots_allows(robots, parts.path, NULL))
            print_error("'%s' does not fit '%s'\n", written, parts.path);
        assert_false(trawl_robots_allows(robots, parts.path, NULL));
        assert_true(trawl_robots_allows(robots, "/-?", NULL));
        trawl_robots_free(robots);
    }
}

/* The meaning of a pattern, as short as it can be said. */
static bool fits(const char *pattern, const char *path)
{
    if (*pattern == '\0' || (strcmp(pattern, "$") == 0 && *path == '\0'))
        return true;
    if (*pattern == '*')
        return fits(pattern + 1, path) || (*path && fits(pattern, path + 1));
    return *pattern == *path && fits(pattern + 1, path + 1);
}

/* The number-th string over an alphabet. */
static void spell(char *room, unsigned number, const char *alphabet)
{
    unsigned base = (unsigned)strlen(alphabet);

    for (; number > 0; number = (number - 1) / base)
        *room++ = alphabet[(number - 1) % base];
    *room = '\0';
}

static void robots_match__agrees_with_the_definition(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5461; i++) { /* up to 6 of 4 */
        char pattern[16];
        char compared[TRAWL_ROBOTS_GROWTH * sizeof(pattern)];
        size_t len;

        spell(pattern, i, "ab*$");
        if (strchr(pattern, '$') &&
            strchr(pattern, '$')[1]) /* then a dollar is a plain character */
            continue;
        len = trawl__robots_pattern(compared, pattern, strlen(pattern));
        for (unsigned n = 0; n < 127; n++) { /* up to 6 of 2 */
            char path[16];

            spell(path, n, "ab");
            if (trawl__robots_match(compared, len, path, strlen(path)) != fits(pattern, path))
                print_error("'%s' and '%s'\n", pattern, path);
            assert_int_equal(trawl__robots_match(compared, len, path, strlen(path)),
                             fits(pattern, path));
        }
    }
}

/* A matcher that tries again takes longer than the test's limit for this. */
static void robots_match__takes_many_stars(void **state)
{
    struct trawl_buf text;
    char path[TRAWL_URL_MAX];
    struct trawl_robots *robots;

    (void)state;
    trawl_buf_init(&text, TRAWL_ROBOTS_MAX);
    trawl_buf_append_text(&text, "User-agent: *\nDisallow: /");
    for (int i = 0; i < 4000; i++)
        trawl_buf_append_text(&text, "*a");
    trawl_buf_append_text(&text, "*b$\n");
    robots = parse(trawl_buf_text(&text), "FooBot");
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_true(trawl_robots_allows(robots, path, NULL));
    path[sizeof(path) - 2] = 'b';
    assert_false(trawl_robots_allows(robots, path, NULL));
    trawl_robots_free(robots);
    trawl_buf_finish(&text);
}

static void robots_allows__names_the_rule(void **state)
{
    static const struct {
        const char *path;
        unsigned line;
        const char *text;
    } table[] = {
        {"/", 0, ""},
        {"/a", 3, "Disallow: /a"},
        {"/a/b", 5, "Allow: /a/"},
        {"/caf%C3%A9", 7, "Disallow: /caf%C3%A9"},
        {"/robots.txt", 0, ""},
    };
    struct trawl_robots *robots = parse("\xef\xbb\xbf# a comment\r\n"
                                        "User-agent: *\r"
                                        "Disalow: /a\n"
                                        "\n"
                                        "Allow /a/\n"
                                        "Allow: /a/\n"
                                        "disallow:/caf\xc3\xa9 # tea only\n"
                                        "Disallow: /robots\n",
                                        "FooBot");
    struct trawl_robots_rule rule;

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        trawl_robots_allows(robots, table[i].path, &rule);
        assert_int_equal(rule.line, table[i].line);
        assert_string_equal(rule.text, table[i].text);
    }
    trawl_robots_free(robots);
}

static void robots_crawl_delay__is_the_groups(void **state)
{
    static const struct {
        const char *source;
        const char *text;
        uint32_t delay_ms;
    } table[] = {
        {"none", "User-agent: *\nDisallow: /x\n", 0},
        {"seconds", "User-agent: *\nCrawl-delay: 10\n", 10000},
        {"a fraction", "User-agent: *\nCrawl-delay: 0.25\n", 250},
        {"digits on one side", "User-agent: *\nCrawl-delay: 2.\nCrawl-delay: .5\n", 2000},
        {"below a millisecond", "User-agent: *\nCrawl-delay: 1.0009999999999999999999999\n", 1000},
        {"misspelt", "User-agent: *\ncrawldelay 3\n", 3000},
        {"misspelt", "User-agent: *\nCrawl Delay: 3\n", 3000},
        {"the longest", "User-agent: *\nCrawl-delay: 3\nCrawl-delay: 5\nCrawl-delay: 4\n", 5000},
        {"of all groups that are for us",
         "User-agent: FooBot\nCrawl-delay: 1\nUser-agent: BarBot\nCrawl-delay: 9\n"
         "User-agent: FooBot\nCrawl-delay: 2\n",
         2000},
        {"one's own", "User-agent: *\nCrawl-delay: 9\nUser-agent: FooBot\nCrawl-delay: 1\n", 1000},
        {"one's own has none", "User-agent: *\nCrawl-delay: 9\nUser-agent: FooBot\nAllow: /\n", 0},
        {"another's", "User-agent: BarBot\nCrawl-delay: 9\n", 0},
        {"nobody's", "Crawl-delay: 9\nUser-agent: *\nAllow: /\n", 0},
        {"cut to the limit", "User-agent: *\nCrawl-delay: 86400\n", TRAWL_ROBOTS_DELAY_MAX_MS},
        {"cut to the limit",
         "User-agent: *\nCrawl-delay: 99999999999999999999999999999999999999.9\n",
         TRAWL_ROBOTS_DELAY_MAX_MS},
        {"no number", "User-agent: *\nCrawl-delay: soon\n", 0},
        {"no number", "User-agent: *\nCrawl-delay:\nCrawl-delay: .\nCrawl-delay: 1.2.3\n", 0},
        {"no number", "User-agent: *\nCrawl-delay: -1\nCrawl-delay: 1e3\nCrawl-delay: 5s\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_robots *robots = parse(table[i].text, "FooBot/1");

        if (trawl_robots_crawl_delay_ms(robots) != table[i].delay_ms)
            print_error("%s\n", table[i].source);
        assert_int_equal(trawl_robots_crawl_delay_ms(robots), table[i].delay_ms);
        trawl_robots_free(robots);
    }
}

static void robots_sitemaps__stand_anywhere(void **state)
{
    static const char *const expected[] = {"http://foo.bar/sitemap.xml", "https://other.org/a?b=c",
                                           "https://foo.bar/%C3%A9"};
    struct trawl_robots *robots = parse("Sitemap: http://foo.bar/sitemap.xml\n"
                                        "User-agent: BarBot\n"
                                        "Site-map: HTTPS://other.org:443/a?b=c#d\n"
                                        "sitemap: /relative.xml\n"
                                        "sitemap: ftp://foo.bar/\n"
                                        "sitemap:\n"
                                        "sitemaps: https://foo.bar/\xc3\xa9\n",
                                        "FooBot");
    const char *const *urls;
    size_t count = 0;

    (void)state;
    urls = trawl_robots_sitemaps(robots, &count);
    assert_int_equal(count, TRAWL_ARRAY_SIZE(expected));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(urls[i], expected[i]);
    trawl_robots_free(robots);
}

static void robots_sitemaps__are_bounded(void **state)
{
    struct trawl_buf text;
    struct trawl_robots *robots;
    size_t count = 0;

    (void)state;
    trawl_buf_init(&text, TRAWL_ROBOTS_MAX);
    for (int i = 0; i < TRAWL_ROBOTS_SITEMAPS_MAX + 10; i++)
        trawl_buf_printf(&text, "Sitemap: http://foo.bar/%d\n", i);
    robots = parse(trawl_buf_text(&text), "FooBot");
    trawl_robots_sitemaps(robots, &count);
    assert_int_equal(count, TRAWL_ROBOTS_SITEMAPS_MAX);
    trawl_robots_free(robots);
    trawl_buf_finish(&text);
}

/* Section 2.5. The limit falls into "Disallow: /abc": half of that rule would forbid more than the whole. */
static void robots_parse__stops_at_its_limit(void **state)
{
    static const char last[] = "Disallow: /abc\nDisallow: /x\n";
    struct trawl_buf text;
    struct trawl_robots *robots;

    (void)state;
    assert_true(TRAWL_ROBOTS_MAX >= 500 * 1024);
    trawl_buf_init(&text, 2 * (size_t)TRAWL_ROBOTS_MAX);
    trawl_buf_append_text(&text, "User-agent: *\nDisallow: /first\n");
    while (text.len < TRAWL_ROBOTS_MAX - 12)
        trawl_buf_append_char(&text, text.len % 64 ? '#' : '\n');
    trawl_buf_append_text(&text, "\n");
    trawl_buf_append_text(&text, last);
    robots = parse(trawl_buf_text(&text), "FooBot");
    assert_false(trawl_robots_allows(robots, "/first", NULL));
    assert_true(trawl_robots_allows(robots, "/a", NULL));
    assert_true(trawl_robots_allows(robots, "/abc", NULL));
    assert_true(trawl_robots_allows(robots, "/x", NULL));
    trawl_robots_free(robots);
    trawl_buf_finish(&text);
}

/* As many rules as fit, and as much text: the buffers' limits hold them. */
static void robots_parse__takes_the_most_rules(void **state)
{
    static const char *const lines[] = {"allow:*\n", "allow *\r", "disalow:\xff\n"};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(lines); i++) {
        struct trawl_buf text;
        struct trawl_robots *robots;

        trawl_buf_init(&text, 2 * (size_t)TRAWL_ROBOTS_MAX);
        trawl_buf_append_text(&text, "User-agent:*\n");
        while (text.len < TRAWL_ROBOTS_MAX)
            trawl_buf_append_text(&text, lines[i]);
        robots = parse(trawl_buf_text(&text), "FooBot");
        assert_true(trawl_robots_allows(robots, "/x", NULL));
        trawl_robots_free(robots);
        trawl_buf_finish(&text);
    }
}

static void robots_parse__takes_an_endless_line(void **state)
{
    struct trawl_buf text;
    struct trawl_robots *robots;
    char path[TRAWL_URL_MAX];

    (void)state;
    trawl_buf_init(&text, TRAWL_ROBOTS_MAX);
    trawl_buf_append_text(&text, "User-agent: *\nDisallow: /");
    while (text.len < TRAWL_ROBOTS_MAX)
        trawl_buf_append_char(&text, '\xff');
    robots = parse(trawl_buf_text(&text), "FooBot");
    memset(path, '\xff', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_true(trawl_robots_allows(robots, path, NULL));
    trawl_robots_free(robots);
    trawl_buf_finish(&text);
}

static void robots_parse__takes_nothing(void **state)
{
    struct trawl_robots *robots = NULL;
    size_t count = 1;

    (void)state;
    assert_int_equal(trawl_robots_parse(NULL, 0, "FooBot", &robots), 0);
    assert_true(trawl_robots_allows(robots, "/", NULL));
    trawl_robots_sitemaps(robots, &count);
    assert_int_equal(count, 0);
    trawl_robots_free(robots);
    trawl_robots_free(NULL);
}

static void robots_hash__tells_a_change(void **state)
{
    struct trawl_robots *one = parse("User-agent: *\nDisallow: /\n", "a");
    struct trawl_robots *same = parse("User-agent: *\nDisallow: /\n", "b");
    struct trawl_robots *other = parse("User-agent: *\nDisallow: /x\n", "a");

    (void)state;
    assert_true(trawl_hash_equal(trawl_robots_hash(one), trawl_robots_hash(same)));
    assert_false(trawl_hash_equal(trawl_robots_hash(one), trawl_robots_hash(other)));
    trawl_robots_free(one);
    trawl_robots_free(same);
    trawl_robots_free(other);
}

static void robots_outcome__follows_section_2_3_1(void **state)
{
    static const struct {
        const char *source;
        int status;
        unsigned redirects;
        enum trawl_robots_outcome outcome;
    } table[] = {
        {"2.3.1.1", 200, 0, TRAWL_ROBOTS_PARSE},
        {"2.3.1.1", 204, 5, TRAWL_ROBOTS_PARSE},
        {"2.3.1.2", 301, 0, TRAWL_ROBOTS_FOLLOW},
        {"2.3.1.2: the fifth", 302, 4, TRAWL_ROBOTS_FOLLOW},
        {"2.3.1.2: the sixth", 308, 5, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 400, 0, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 401, 0, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 403, 0, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 404, 3, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 410, 0, TRAWL_ROBOTS_ALLOW_ALL},
        {"2.3.1.3", 499, 0, TRAWL_ROBOTS_ALLOW_ALL},
        {"as Google", 429, 0, TRAWL_ROBOTS_DISALLOW_ALL},
        {"2.3.1.4", 500, 0, TRAWL_ROBOTS_DISALLOW_ALL},
        {"2.3.1.4", 503, 2, TRAWL_ROBOTS_DISALLOW_ALL},
        {"2.3.1.4: no answer", 0, 0, TRAWL_ROBOTS_DISALLOW_ALL},
        {"2.3.1.4: no HTTP", 101, 0, TRAWL_ROBOTS_DISALLOW_ALL},
        {"2.3.1.4: no HTTP", 600, 0, TRAWL_ROBOTS_DISALLOW_ALL},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        if (trawl_robots_outcome(table[i].status, table[i].redirects) != table[i].outcome)
            print_error("%s: %d\n", table[i].source, table[i].status);
        assert_int_equal(trawl_robots_outcome(table[i].status, table[i].redirects),
                         table[i].outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(robots__lines),
        cmocka_unit_test(robots__misspelt_keys),
        cmocka_unit_test(robots__groups),
        cmocka_unit_test(robots__product_tokens),
        cmocka_unit_test(robots__longest_match),
        cmocka_unit_test(robots__patterns),
        cmocka_unit_test(robots__escapes),
        cmocka_unit_test(robots__canonical_urls_fit_what_was_written),
        cmocka_unit_test(robots_match__agrees_with_the_definition),
        cmocka_unit_test(robots_match__takes_many_stars),
        cmocka_unit_test(robots_allows__names_the_rule),
        cmocka_unit_test(robots_crawl_delay__is_the_groups),
        cmocka_unit_test(robots_sitemaps__stand_anywhere),
        cmocka_unit_test(robots_sitemaps__are_bounded),
        cmocka_unit_test(robots_parse__stops_at_its_limit),
        cmocka_unit_test(robots_parse__takes_the_most_rules),
        cmocka_unit_test(robots_parse__takes_an_endless_line),
        cmocka_unit_test(robots_parse__takes_nothing),
        cmocka_unit_test(robots_hash__tells_a_change),
        cmocka_unit_test(robots_outcome__follows_section_2_3_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
