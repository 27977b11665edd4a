/* The bookshop: HTML, lists of twenty books, a page for each book. */
#include <stdio.h>
#include <string.h>

#include "cli/demo/demo.h"
#include "util/alloc.h"

#define PER_PAGE 20u
#define PAGES    ((DEMO_BOOKS + PER_PAGE - 1) / PER_PAGE)

static const char *const adjectives[] = {
    "Quiet",   "Borrowed", "Northern", "Paper",     "Crooked", "Salt",   "Patient",
    "Hidden",  "Copper",   "Winter",   "Wandering", "Hollow",  "Gilded", "Second",
    "Burning", "Distant",  "Velvet",   "Broken",    "Silver",  "Last",
};

static const char *const nouns[] = {
    "Orchard",   "Harbour", "Atlas",   "Lantern",  "Winter",  "Garden", "Cartographer",
    "Tide",      "Library", "Sparrow", "Bridge",   "Compass", "Letter", "Kitchen",
    "Clockwork", "Island",  "Archive", "Mountain", "Ferry",   "Summer",
};

static const char *const first_names[] = {"Ada",   "Bram", "Clara", "Dorian", "Elif", "Félix",
                                          "Greta", "Hiro", "Ines",  "Jonas",  "Kaja", "Leïla",
                                          "Mats",  "Noor", "Oskar", "Petra"};

static const char *const last_names[] = {"Almqvist", "Brontë",   "Castellano", "Dvořák",
                                         "Eriksen",  "Fontaine", "Grünwald",   "Haruki",
                                         "Ibsen",    "Jansson",  "Kowalski",   "Lindqvist"};

static const char *const categories[] = {"Fiction", "History", "Travel", "Poetry",
                                         "Science", "Cooking", "Crime",  "Children"};

struct book {
    unsigned number;
    char title[64];
    char author[64];
    char slug[80];
    const char *category;
    unsigned cents;
    unsigned stock;
    unsigned rating; /* tenths of a star */
    unsigned year;
};

static void book_make(struct book *book, unsigned number, unsigned edition)
{
    uint64_t seed = demo_mix(number, 1);
    unsigned change = demo_last_change(number, edition);
    /* Each adjective meets another noun every time that it comes round, so 400 titles are all different. */
    size_t noun =
        ((size_t)number * 7 + number / TRAWL_ARRAY_SIZE(adjectives)) % TRAWL_ARRAY_SIZE(nouns);

    book->number = number;
    snprintf(book->title, sizeof(book->title), "The %s %s",
             adjectives[number % TRAWL_ARRAY_SIZE(adjectives)], nouns[noun]);
    snprintf(book->author, sizeof(book->author), "%s %s",
             first_names[seed % TRAWL_ARRAY_SIZE(first_names)],
             last_names[(seed >> 8) % TRAWL_ARRAY_SIZE(last_names)]);
    demo_slug(book->slug, sizeof(book->slug), book->title);
    book->category = categories[(seed >> 16) % TRAWL_ARRAY_SIZE(categories)];
    book->cents = 499 + 100 * (unsigned)((seed >> 24) % 40) + 50 * (unsigned)((seed >> 32) % 2);
    book->rating = 25 + (unsigned)((seed >> 40) % 26);
    book->year = 1950 + (unsigned)((seed >> 48) % 76);
    book->stock = (unsigned)(demo_mix(number, 2) % 30);
    if (change > 0) {
        book->cents = book->cents * (80 + (unsigned)(demo_mix(number, change) % 40)) / 100;
        book->stock = (unsigned)(demo_mix(number, 2 + (uint64_t)change) % 30);
    }
}

static void begin(struct demo_page *page, const char *title)
{
    demo_html_begin(page, "The Corner Bookshop", title, "utf-8", "#7a4a1e");
    demo_add(page, "<header><a href=\"/books/\">The Corner Bookshop</a></header>\n");
}

static void list_page(struct demo_page *page, unsigned number, unsigned edition)
{
    begin(page, "All books");
    demo_add(page,
             "<h1>All books</h1>\n<p class=\"meta\">%u books, page %u of %u</p>\n<ul class=\"list "
             "books\">\n",
             DEMO_BOOKS, number, PAGES);
    for (unsigned i = (number - 1) * PER_PAGE + 1; i <= number * PER_PAGE && i <= DEMO_BOOKS; i++) {
        struct book book;

        book_make(&book, i, edition);
        demo_add(page,
                 "<li class=\"book\"><span class=\"price\">£%u.%02u</span><a "
                 "href=\"/books/%u-%s.html\">%s</a>"
                 " <span class=\"meta\">%s</span></li>\n",
                 book.cents / 100, book.cents % 100, i, book.slug, book.title, book.author);
    }
    demo_add(page, "</ul>\n<nav>");
    if (number > 1)
        demo_add(page, "<a rel=\"prev\" href=\"/books/?page=%u\">previous</a> ", number - 1);
    if (number < PAGES)
        demo_add(page, "<a rel=\"next\" href=\"/books/?page=%u\">next</a>", number + 1);
    demo_add(page, "</nav>\n");
    demo_html_end(page);
}

static void book_page(struct demo_page *page, const struct book *book)
{
    begin(page, book->title);
    demo_add(page,
             "<article class=\"book\">\n<h1>%s</h1>\n<p class=\"meta author\">%s, %u</p>\n<dl>\n"
             "<dt>Number</dt><dd class=\"number\">BK-%04u</dd>\n"
             "<dt>Category</dt><dd class=\"category\">%s</dd>\n"
             "<dt>Price</dt><dd><span class=\"cost\">£%u.%02u</span></dd>\n",
             book->title, book->author, book->year, book->number, book->category, book->cents / 100,
             book->cents % 100);
    if (book->stock > 0)
        demo_add(page, "<dt>Stock</dt><dd class=\"stock\">In stock (%u)</dd>\n", book->stock);
    else
        demo_add(page, "<dt>Stock</dt><dd class=\"stock\">Sold out</dd>\n");
    demo_add(page,
             "<dt>Rating</dt><dd class=\"rating\" data-stars=\"%u.%u\">%.*s</dd>\n</dl>\n"
             "<p>A story in the best tradition of %s, bound in cloth.</p>\n</article>\n"
             "<nav><a href=\"/books/\">all books</a></nav>\n",
             book->rating / 10, book->rating % 10, (int)(3 * ((book->rating + 5) / 10)), "★★★★★",
             book->category);
    demo_html_end(page);
}

static bool books_is_first(const char *path, const char *query)
{
    return *path == '\0' && demo_query_number(query, "page", 1) == 1;
}

static void books_page(struct demo_page *page, const char *path, const char *query,
                       unsigned edition)
{
    unsigned number = demo_query_number(query, "page", 1);
    struct book book;
    char slug[96];
    const char *rest;

    page->content_type = "text/html; charset=utf-8";
    if (*path == '\0' && number >= 1 && number <= PAGES) {
        list_page(page, number, edition);
        return;
    }
    number = demo_number(path, &rest);
    if (number >= 1 && number <= DEMO_BOOKS) {
        book_make(&book, number, edition);
        snprintf(slug, sizeof(slug), "-%s.html", book.slug);
        if (strcmp(rest, slug) == 0) {
            book_page(page, &book);
            return;
        }
    }
    demo_not_found(page);
}

const struct demo_site demo_books = {
    .prefix = "/books/",
    .title = "The Corner Bookshop",
    .about = "HTML: lists of twenty, a page for each of 300 books; prices and stock move from run "
             "to run",
    .delay_min_ms = 30,
    .delay_max_ms = 150,
    .is_first = books_is_first,
    .page = books_page,
};
