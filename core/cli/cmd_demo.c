/* trawl demo: serve the demonstration sites until told to stop. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/demo/server.h"
#include "http/http.h"
#include "util/alloc.h"

#define DEFAULT_LISTEN "127.0.0.1:8081"
#define SPEED_MAX      1000

struct demo {
    uv_loop_t loop;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    struct demo_server *server;
};

static const char demo_about[] =
    "Usage: trawl demo [--listen ADDRESS] [--speed N]\n\n"
    "Serve three little sites to scrape: a bookshop (/books/), a price API (/api/prices) and the\n"
    "news (/news/). They are slow enough to watch, and now and then one of their pages fails.\n"
    "Each time that a site's first page is fetched, some of its prices have changed, or some news\n"
    "has come.\n";

/* "127.0.0.1:8081", whatever port the kernel chose. */
static void print_address(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t len = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "";

    if (getsockname(fd, &address.any, &len) < 0)
        return;
    if (address.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
        printf("trawl demo serves http://[%s]:%u/\n", host, ntohs(address.v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
        printf("trawl demo serves http://%s:%u/\n", host, ntohs(address.v4.sin_port));
    }
    fflush(stdout);
}

static void demo_on_signal(uv_signal_t *handle, int number)
{
    struct demo *demo = handle->data;

    (void)number;
    demo_server_close(demo->server);
    uv_close((uv_handle_t *)&demo->interrupt, NULL);
    uv_close((uv_handle_t *)&demo->terminate, NULL);
}

static void watch_signals(struct demo *demo)
{
    uv_signal_init(&demo->loop, &demo->interrupt);
    uv_signal_init(&demo->loop, &demo->terminate);
    demo->interrupt.data = demo;
    demo->terminate.data = demo;
    uv_signal_start(&demo->interrupt, demo_on_signal, SIGINT);
    uv_signal_start(&demo->terminate, demo_on_signal, SIGTERM);
}

static int serve(const char *listen_at, unsigned speed)
{
    struct demo demo = {0};
    struct trawl_err err = {0};
    int fd;
    int r;

    r = trawl_http_bind(listen_at, &fd, &err);
    if (r < 0)
        goto failed;
    r = uv_loop_init(&demo.loop);
    if (r < 0) {
        close(fd);
        trawl_err_set(&err, r, "", "no event loop: %s", strerror(-r));
        goto failed;
    }
    r = demo_server_create(&demo.loop, fd, speed, &demo.server, &err);
    if (r == 0) {
        watch_signals(&demo);
        print_address(fd); /* last: who reads it may end us at once */
    }
    uv_run(&demo.loop, UV_RUN_DEFAULT);
    uv_loop_close(&demo.loop);
    if (r == 0)
        return TRAWL_EXIT_COMPLETED;
failed:
    fprintf(stderr, "trawl demo: %s%s%s\n", err.where, *err.where ? ": " : "", err.message);
    return TRAWL_EXIT_FAILED;
}

int trawl_cmd_demo(int argc, char **argv)
{
    const char *listen_at = DEFAULT_LISTEN;
    unsigned speed = 1;
    const struct trawl_cli_option options[] = {
        {"listen", "ADDRESS",
         "where to listen (default " DEFAULT_LISTEN "; port 0 takes a free one)",
         .text = &listen_at},
        {"speed", "N", "answer N times as fast, 0: at once (default 1)", .number = &speed,
         .max = SPEED_MAX},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"demo", options, .about = demo_about};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? serve(listen_at, speed) : code;
}
