#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo/demo.h"

uint64_t demo_mix(uint64_t what, uint64_t salt)
{
    /* splitmix64: neighbouring numbers give unrelated ones. */
    uint64_t z = what * 0x9e3779b97f4a7c15u + (salt + 1) * 0xbf58476d1ce4e5b9u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

unsigned demo_last_change(uint64_t what, unsigned edition)
{
    /* The first edition is the one that everything is new in. */
    for (unsigned at = edition; at > 1; at--) {
        if (demo_mix(what, 1000 + (uint64_t)at) % 10 == 0)
            return at;
    }
    return 0;
}

unsigned demo_number(const char *text, const char **ret_rest)
{
    unsigned number = 0;

    while (isdigit((unsigned char)*text) && number < 100000)
        number = number * 10 + (unsigned)(*text++ - '0');
    *ret_rest = text;
    return number;
}

unsigned demo_query_number(const char *query, const char *name, unsigned fallback)
{
    size_t len = strlen(name);

    for (const char *at = query; *at;) {
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            const char *rest;
            unsigned number = demo_number(at + len + 1, &rest);

            return *rest == '\0' || *rest == '&' ? number : 0;
        }
        at += strcspn(at, "&");
        at += *at == '&';
    }
    return fallback;
}

void demo_add(struct demo_page *page, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (trawl_buf_vprintf(&page->body, format, args) < 0)
        page->status = 500;
    va_end(args);
}

void demo_slug(char *slug, size_t size, const char *title)
{
    size_t len = 0;

    for (; *title && len + 1 < size; title++) {
        if (isalnum((unsigned char)*title))
            slug[len++] = (char)tolower((unsigned char)*title);
        else if (*title == ' ' && len > 0 && slug[len - 1] != '-')
            slug[len++] = '-';
    }
    slug[len] = '\0';
}

void demo_html_begin(struct demo_page *page, const char *site, const char *title,
                     const char *charset, const char *colour)
{
    demo_add(page,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"%s\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>%s · %s</title>\n"
             "<style>\n"
             "body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: "
             "0 1rem;"
             " color: #222; background: #fdfcf9 }\n"
             "header a { color: %s; font-weight: bold; text-decoration: none }\n"
             "h1 { line-height: 1.2 } a { color: %s }\n"
             "ul.list { list-style: none; padding: 0 }\n"
             "ul.list li { border-bottom: 1px solid #ddd; padding: .5rem 0 }\n"
             ".price { font-weight: bold; float: right } .meta { color: #666; font-size: .9em }\n"
             "dt { float: left; clear: left; width: 7rem; color: #666 } nav { margin: 1.5rem 0 }\n"
             "</style>\n</head>\n<body>\n",
             charset, title, site, colour, colour);
}

void demo_html_end(struct demo_page *page)
{
    demo_add(page, "</body>\n</html>\n");
}

void demo_not_found(struct demo_page *page)
{
    trawl_buf_clear(&page->body);
    page->status = 404;
    page->content_type = "text/html; charset=utf-8";
    demo_html_begin(page, "Demo", "Not found", "utf-8", "#555");
    demo_add(page, "<h1>There is no such page</h1>\n");
    demo_html_end(page);
}
