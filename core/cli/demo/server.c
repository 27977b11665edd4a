#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/demo/demo.h"
#include "cli/demo/server.h"
#include "http/http.h"
#include "util/alloc.h"

static const struct demo_site *const sites[] = {&demo_books, &demo_prices, &demo_news};

struct demo_server {
    struct trawl_http_server *http;
    uv_loop_t *loop;
    unsigned speed;
    uint64_t requests; /* to the sites, failed ones included */
    unsigned editions[TRAWL_ARRAY_SIZE(sites)];
};

/* A page that is made and waits for its time. It goes when both its timer is closed and its connection over. */
struct answer {
    struct trawl_http_conn *conn; /* NULL once it is over */
    struct demo_page page;
    uv_timer_t timer;
};

static void answer_on_timer_closed(uv_handle_t *handle)
{
    struct answer *answer = handle->data;

    trawl_buf_finish(&answer->page.body);
    free(answer);
}

static void answer_end(struct answer *answer)
{
    if (uv_is_closing((uv_handle_t *)&answer->timer))
        return;
    if (answer->conn)
        trawl_http_set_data(answer->conn, NULL);
    answer->conn = NULL;
    uv_close((uv_handle_t *)&answer->timer, answer_on_timer_closed);
}

static void respond(struct trawl_http_conn *conn, const struct demo_page *page)
{
    static const struct trawl_http_header again[] = {{"Retry-After", "1"}, {NULL, NULL}};

    trawl_http_respond(conn, page->status, page->content_type, page->status == 503 ? again : NULL,
                       trawl_buf_text(&page->body), page->body.len);
}

static void answer_on_timer(uv_timer_t *timer)
{
    struct answer *answer = timer->data;
    struct trawl_http_conn *conn = answer->conn;

    trawl_http_set_data(conn, NULL);
    answer->conn = NULL;
    respond(conn, &answer->page);
    answer_end(answer);
}

static void answer_later(struct demo_server *server, struct trawl_http_conn *conn,
                         struct demo_page *page, uint64_t delay_ms)
{
    struct answer *answer = TRAWL_NEW(struct answer);

    answer->conn = conn;
    answer->page = *page; /* handed over */
    trawl_http_set_data(conn, answer);
    uv_timer_init(server->loop, &answer->timer);
    answer->timer.data = answer;
    uv_timer_start(&answer->timer, answer_on_timer, delay_ms, 0);
}

/* What has nothing to do with the sites: the index, robots.txt. */
static void other_page(struct demo_page *page, const char *path)
{
    if (strcmp(path, "/robots.txt") == 0) {
        page->content_type = "text/plain";
        demo_add(page, "User-agent: *\nAllow: /\n");
        return;
    }
    if (strcmp(path, "/") != 0) {
        demo_not_found(page);
        return;
    }
    page->content_type = "text/html; charset=utf-8";
    demo_html_begin(page, "Trawl", "Demonstration", "utf-8", "#333");
    demo_add(page, "<h1>Three little sites to scrape</h1>\n<ul class=\"list\">\n");
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(sites); i++)
        demo_add(page, "<li><a href=\"%s\">%s</a><br><span class=\"meta\">%s</span></li>\n",
                 sites[i]->prefix, sites[i]->title, sites[i]->about);
    demo_add(page, "</ul>\n");
    demo_html_end(page);
}

static void unavailable(struct demo_page *page)
{
    page->status = 503;
    page->content_type = "text/plain";
    demo_add(page, "Busy; try again.\n");
}

/* The site's page, and how long it takes. */
static uint64_t site_page(struct demo_server *server, size_t at, struct demo_page *page,
                          const char *path, const char *query)
{
    const struct demo_site *site = sites[at];
    uint64_t delay_ms = site->delay_min_ms + demo_mix(++server->requests, 31) %
                                                 (site->delay_max_ms - site->delay_min_ms + 1);

    if (server->requests % DEMO_FAIL_EVERY == 0) {
        unavailable(page);
    } else {
        if (server->editions[at] == 0 || site->is_first(path, query))
            server->editions[at]++;
        site->page(page, path, query, server->editions[at]);
    }
    return server->speed > 0 ? delay_ms / server->speed : 0;
}

static void server_on_request(void *user, struct trawl_http_conn *conn)
{
    struct demo_server *server = user;
    const char *path = trawl_http_path(conn);
    struct demo_page page = {.status = 200};
    uint64_t delay_ms = 0;
    size_t at;

    trawl_buf_init(&page.body, DEMO_PAGE_MAX);
    for (at = 0; at < TRAWL_ARRAY_SIZE(sites); at++) {
        size_t len = strlen(sites[at]->prefix);

        if (strncmp(path, sites[at]->prefix, len) == 0)
            break;
    }
    if (strcmp(trawl_http_method(conn), "GET") != 0 &&
        strcmp(trawl_http_method(conn), "HEAD") != 0) {
        page.status = 405;
        page.content_type = "text/plain";
        demo_add(&page, "These sites can only be read.\n");
    } else if (at < TRAWL_ARRAY_SIZE(sites)) {
        delay_ms =
            site_page(server, at, &page, path + strlen(sites[at]->prefix), trawl_http_query(conn));
    } else {
        other_page(&page, path);
    }

    if (delay_ms > 0) {
        answer_later(server, conn, &page, delay_ms);
    } else {
        respond(conn, &page);
        trawl_buf_finish(&page.body);
    }
}

static int server_on_upgrade(void *user, struct trawl_http_conn *conn)
{
    (void)user;
    (void)conn;
    return 404;
}

static void server_on_closed(void *user, struct trawl_http_conn *conn)
{
    struct answer *answer = trawl_http_data(conn);

    (void)user;
    if (answer)
        answer_end(answer);
}

int demo_server_create(uv_loop_t *loop, int fd, unsigned speed, struct demo_server **ret_server,
                       struct trawl_err *err)
{
    static const struct trawl_http_limits limits = {
        .max_body = 1024, /* nobody sends anything here */
        .max_message = 1024,
        .max_connections = 512,
        .idle_timeout_ms = 30000,
        .pong_timeout_ms = 30000,
    };
    struct demo_server *server = TRAWL_NEW(struct demo_server);
    const struct trawl_http_handler handler = {
        .on_request = server_on_request,
        .on_upgrade = server_on_upgrade,
        .on_closed = server_on_closed,
        .user = server,
    };
    int r;

    server->loop = loop;
    server->speed = speed;
    r = trawl_http_server_create(loop, &limits, &handler, &server->http, err);
    if (r < 0) {
        close(fd);
        free(server);
        return r;
    }
    r = trawl_http_server_listen(server->http, fd);
    if (r < 0) {
        demo_server_close(server);
        return trawl_err_set(err, r, "--listen", "cannot accept connections: %s", strerror(-r));
    }
    *ret_server = server;
    return 0;
}

static void server_on_http_closed(void *user)
{
    free(user);
}

void demo_server_close(struct demo_server *server)
{
    trawl_http_server_close(server->http, server_on_http_closed, server);
}
