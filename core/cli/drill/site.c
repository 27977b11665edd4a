#include "cli/drill/site.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "util/alloc.h"
#include "util/listen.h"

#define PAGE_PREFIX "/page/"
#define PAGE_ITEMS  5
/* Larger than any page, whatever its number. */
#define PAGE_SIZE 1024

struct drill_site {
    struct trawl_http_server *http;
    char *url;
    bool is_ending;
};

static void respond(struct trawl_http_conn *conn, int status, const char *body)
{
    trawl_http_respond(conn, status, "text/html; charset=utf-8", NULL, body, strlen(body));
}

static void write_page(char body[PAGE_SIZE], unsigned long number, bool is_last)
{
    int used =
        snprintf(body, PAGE_SIZE, "<!DOCTYPE html><title>Drill</title><h1>Page %lu</h1>\n", number);

    for (unsigned long i = 0; i < PAGE_ITEMS; i++)
        used += snprintf(body + used, PAGE_SIZE - (size_t)used,
                         "<p class=\"item\"><b>%lu</b> on page %lu</p>\n", number * PAGE_ITEMS + i,
                         number);
    if (!is_last)
        snprintf(body + used, PAGE_SIZE - (size_t)used, "<a href=\"" PAGE_PREFIX "%lu\">next</a>\n",
                 number + 1);
}

static void site_on_request(void *user, struct trawl_http_conn *conn)
{
    const struct drill_site *site = user;
    const char *path = trawl_http_path(conn);
    char body[PAGE_SIZE];
    char *end = NULL;
    unsigned long number;

    if (strncmp(path, PAGE_PREFIX, strlen(PAGE_PREFIX)) != 0) {
        respond(conn, 404, "");
        return;
    }
    number = strtoul(path + strlen(PAGE_PREFIX), &end, 10);
    write_page(body, number, site->is_ending);
    respond(conn, *end == '\0' ? 200 : 404, body);
}

static int site_on_upgrade(void *user, struct trawl_http_conn *conn)
{
    (void)user;
    (void)conn;
    return 404;
}

static int site_listen(struct drill_site *site, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *address = NULL;
    int fd;
    int r = trawl_listen("127.0.0.1:0", "", &fd, &address, err);

    if (r < 0)
        return r;
    site->url = trawl_xasprintf("http://%s" PAGE_PREFIX "1", address);
    r = trawl_http_server_listen(site->http, fd);
    if (r < 0)
        return trawl_err_set(err, r, "", "the site cannot listen: %s", strerror(-r));
    return 0;
}

int drill_site_create(uv_loop_t *loop, struct drill_site **ret_site, struct trawl_err *err)
{
    static const struct trawl_http_limits limits = {
        .max_body = 1024,
        .max_message = 1024,
        .max_connections = 64,
        .idle_timeout_ms = 30000,
        .pong_timeout_ms = 30000,
    };
    struct drill_site *site = TRAWL_NEW(struct drill_site);
    const struct trawl_http_handler handler = {
        .on_request = site_on_request,
        .on_upgrade = site_on_upgrade,
        .user = site,
    };
    int r = trawl_http_server_create(loop, &limits, &handler, &site->http, err);

    if (r < 0) {
        free(site);
        return r;
    }
    r = site_listen(site, err);
    if (r < 0) {
        drill_site_close(site);
        return r;
    }
    *ret_site = site;
    return 0;
}

const char *drill_site_url(const struct drill_site *site)
{
    return site->url;
}

void drill_site_end(struct drill_site *site)
{
    site->is_ending = true;
}

static void site_on_closed(void *user)
{
    struct drill_site *site = user;

    free(site->url);
    free(site);
}

void drill_site_close(struct drill_site *site)
{
    if (site)
        trawl_http_server_close(site->http, site_on_closed, site);
}
