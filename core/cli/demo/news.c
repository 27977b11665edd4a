/* The news: HTML, a front page, four sections, an article each. Two articles more in each edition. The culture section is
 * written in windows-1252, as many an old site still is, and entities are used freely. */
#include <stdio.h>
#include <string.h>

#include "cli/demo/demo.h"
#include "util/alloc.h"
#include "util/clock.h"

#define FRONT_PAGE  20u
#define PER_EDITION 2u
/* 2026-01-05T08:00:00Z, when the first article appeared; the next ones follow every seven hours. */
#define FIRST_MS INT64_C(1767600000000)
#define STEP_MS  (7 * INT64_C(3600000))

static const struct {
    const char *slug;
    const char *title;
    bool old_encoding;
} sections[] = {
    {"world", "World", false},
    {"science", "Science", false},
    {"culture", "Culture", true},
    {"sport", "Sport", false},
};

static const char *const subjects[] = {
    "Harbour council", "Mountain observatory", "Street theatre", "Rowing club",
    "Tram company",    "Botanical garden",     "City orchestra", "Chess league"};
static const char *const verbs[] = {"reopens",    "counts",    "defends",  "measures",
                                    "celebrates", "postpones", "discovers"};
static const char *const objects[] = {
    "its oldest bridge", "a record winter",   "the night timetable", "three rare finches",
    "a lost manuscript", "the spring season", "an unexpected guest", "the last lamp"};
/* UTF-8 here; what a windows-1252 page cannot hold is not used. */
static const char *const authors[] = {"Zoë Müller", "André Peña", "Åsa Björk", "Chloé Lefèvre",
                                      "Søren Holm"};
static const char *const quotes[] = {
    "&ldquo;Nobody expected it&rdquo;, says one of those who were there&nbsp;&mdash; &amp; smiles.",
    "“It cost us 1.200 €,” says the treasurer, “and it’s worth it.”",
    "A caf&eacute; nearby stayed open all night &ndash; for &pound;5 a head &lt;tea included&gt;.",
};

struct article {
    unsigned number;
    unsigned section;
    char title[96];
    char slug[112];
    const char *author;
    char published[TRAWL_TIMESTAMP_SIZE];
};

static unsigned article_count(unsigned edition)
{
    unsigned more = edition > 1 ? (edition - 1) * PER_EDITION : 0;

    return edition > DEMO_NEWS_MAX || DEMO_NEWS_FIRST + more > DEMO_NEWS_MAX
               ? DEMO_NEWS_MAX
               : DEMO_NEWS_FIRST + more;
}

static void article_make(struct article *article, unsigned number)
{
    uint64_t seed = demo_mix(number, 21);

    article->number = number;
    article->section = number % TRAWL_ARRAY_SIZE(sections);
    snprintf(article->title, sizeof(article->title), "%s %s %s",
             subjects[number % TRAWL_ARRAY_SIZE(subjects)], verbs[seed % TRAWL_ARRAY_SIZE(verbs)],
             objects[(seed >> 8) % TRAWL_ARRAY_SIZE(objects)]);
    demo_slug(article->slug, sizeof(article->slug), article->title);
    article->author = authors[(seed >> 16) % TRAWL_ARRAY_SIZE(authors)];
    trawl_timestamp(article->published, FIRST_MS + STEP_MS * number);
}

/* windows-1252 of UTF-8: Latin-1 as it is, of the rest what this site uses. */
static char old_byte(unsigned code)
{
    static const struct {
        unsigned code;
        unsigned char byte;
    } extra[] = {{0x20ac, 0x80}, {0x2019, 0x92}, {0x201c, 0x93},
                 {0x201d, 0x94}, {0x2013, 0x96}, {0x2014, 0x97}};

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(extra); i++) {
        if (extra[i].code == code)
            return (char)extra[i].byte;
    }
    return code < 0x100 ? (char)code : '?';
}

/* In place: it only gets shorter. The text is our own, so it is well formed. */
static void to_windows_1252(struct trawl_buf *body)
{
    const unsigned char *from = (const unsigned char *)body->data;
    const unsigned char *end = from + body->len;
    size_t len = 0;

    while (from < end) {
        unsigned code = *from++;
        unsigned more = code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

        if (more > 0)
            code &= more == 2 ? 0x0f : 0x1f;
        for (; more > 0 && from < end; more--)
            code = code << 6 | (*from++ & 0x3f);
        body->data[len++] = old_byte(code);
    }
    body->data[len] = '\0';
    body->len = len;
}

static void begin(struct demo_page *page, const char *title, bool old_encoding)
{
    /* The old pages tell their encoding in <meta> alone. */
    page->content_type = old_encoding ? "text/html" : "text/html; charset=utf-8";
    demo_html_begin(page, "The Evening Ledger", title, old_encoding ? "windows-1252" : "utf-8",
                    "#12507a");
    demo_add(page, "<header><a href=\"/news/\">The Evening Ledger</a></header>\n<nav>");
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(sections); i++)
        demo_add(page, "<a class=\"section\" href=\"/news/%s/\">%s</a> ", sections[i].slug,
                 sections[i].title);
    demo_add(page, "</nav>\n");
}

static void end(struct demo_page *page, bool old_encoding)
{
    demo_html_end(page);
    if (old_encoding)
        to_windows_1252(&page->body);
}

static void add_teaser(struct demo_page *page, const struct article *article)
{
    demo_add(page,
             "<li><a class=\"article\" href=\"/news/%s/%u-%s.html\">%s</a><br>"
             "<span class=\"meta\">%s, <time datetime=\"%s\">%.10s</time></span></li>\n",
             sections[article->section].slug, article->number, article->slug, article->title,
             article->author, article->published, article->published);
}

/* Newest first; `section` below 0: all of them, but no more than the front page holds. */
static void list_page(struct demo_page *page, int section, unsigned edition)
{
    const char *title = section < 0 ? "Today" : sections[section].title;
    bool old_encoding = section >= 0 && sections[section].old_encoding;
    unsigned shown = 0;

    begin(page, title, old_encoding);
    demo_add(page, "<h1>%s</h1>\n<ul class=\"list articles\">\n", title);
    for (unsigned number = article_count(edition);
         number >= 1 && (section >= 0 || shown < FRONT_PAGE); number--) {
        struct article article;

        article_make(&article, number);
        if (section >= 0 && article.section != (unsigned)section)
            continue;
        add_teaser(page, &article);
        shown++;
    }
    demo_add(page, "</ul>\n");
    end(page, old_encoding);
}

static void article_page(struct demo_page *page, const struct article *article)
{
    bool old_encoding = sections[article->section].old_encoding;

    begin(page, article->title, old_encoding);
    demo_add(
        page,
        "<article>\n<h1>%s</h1>\n<p class=\"meta\">By <span class=\"author\">%s</span>, "
        "<time datetime=\"%s\">%.10s</time></p>\n<div class=\"body\">\n"
        "<p>It began, as such things do, on a quiet morning: the %s now %s %s.</p>\n<p>%s</p>\n"
        "<p>Read on in tomorrow&#8217;s edition.</p>\n</div>\n</article>\n",
        article->title, article->author, article->published, article->published,
        subjects[article->number % TRAWL_ARRAY_SIZE(subjects)],
        verbs[demo_mix(article->number, 21) % TRAWL_ARRAY_SIZE(verbs)],
        objects[(demo_mix(article->number, 21) >> 8) % TRAWL_ARRAY_SIZE(objects)],
        quotes[demo_mix(article->number, 22) % TRAWL_ARRAY_SIZE(quotes)]);
    end(page, old_encoding);
}

static bool news_is_first(const char *path, const char *query)
{
    (void)query;
    return *path == '\0';
}

static void news_page(struct demo_page *page, const char *path, const char *query, unsigned edition)
{
    size_t len = strcspn(path, "/");

    (void)query;
    if (*path == '\0') {
        list_page(page, -1, edition);
        return;
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(sections); i++) {
        struct article article;
        char name[128];
        unsigned number;
        const char *rest;

        if (strlen(sections[i].slug) != len || strncmp(path, sections[i].slug, len) != 0 ||
            path[len] != '/')
            continue;
        if (path[len + 1] == '\0') {
            list_page(page, (int)i, edition);
            return;
        }
        number = demo_number(path + len + 1, &rest);
        if (number < 1 || number > article_count(edition))
            break;
        article_make(&article, number);
        snprintf(name, sizeof(name), "-%s.html", article.slug);
        if (article.section != i || strcmp(rest, name) != 0)
            break;
        article_page(page, &article);
        return;
    }
    demo_not_found(page);
}

const struct demo_site demo_news = {
    .prefix = "/news/",
    .title = "The Evening Ledger",
    .about = "HTML: a front page, four sections (one in windows-1252), an article each; two more "
             "in every run",
    .delay_min_ms = 100,
    .delay_max_ms = 300,
    .is_first = news_is_first,
    .page = news_page,
};
