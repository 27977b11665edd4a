#include "util/listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/alloc.h"

/* Split into host ("" if none) and port, within `room`, a copy of the address. */
static int listen_split(char *room, char **ret_host, char **ret_port)
{
    char *colon = strrchr(room, ':');
    size_t len;

    *ret_host = room;
    if (!colon) { /* "8080" */
        *ret_host = room + strlen(room);
        *ret_port = room;
    } else {
        *colon = '\0';
        *ret_port = colon + 1;
    }
    len = strlen(*ret_host);
    if ((*ret_host)[0] == '[') { /* "[::1]" */
        if (len < 3 || (*ret_host)[len - 1] != ']')
            return -EINVAL;
        (*ret_host)[len - 1] = '\0';
        (*ret_host)++;
    } else if (strchr(*ret_host, ':')) {
        return -EINVAL; /* an IPv6 address without brackets */
    }
    len = strlen(*ret_port);
    if (len == 0 || len > 5 || strspn(*ret_port, "0123456789") != len)
        return -EINVAL;
    return 0;
}

static int listen_open(const struct addrinfo *info)
{
    int on = 1;
    int fd;
    int r;

    fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, TRAWL_LISTEN_BACKLOG) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

/* The address that was bound, "127.0.0.1:8080" or "[::1]:8080". */
static int listen_name(int fd, char **ret_address)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    if (getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -EINVAL;
    *ret_address = trawl_xasprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

int trawl_listen(const char *address, const char *where, int *ret_fd, char **ret_address,
                 struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *room = trawl_xstrdup(address);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *infos = NULL;
    char *host = NULL;
    char *port = NULL;
    int fd = -EADDRNOTAVAIL;
    int r;

    if (listen_split(room, &host, &port) < 0)
        return trawl_err_set(err, -EINVAL, where,
                             "'%.200s' is no address to listen at: expected \"host:port\", "
                             "\"[::1]:8080\", \":8080\" or \"8080\"",
                             address);
    r = getaddrinfo(host[0] ? host : "127.0.0.1", port, &hints, &infos);
    if (r != 0)
        return trawl_err_set(err, -EADDRNOTAVAIL, where, "cannot listen at '%.200s': %s", address,
                             gai_strerror(r));
    for (const struct addrinfo *info = infos; info && fd < 0; info = info->ai_next)
        fd = listen_open(info);
    freeaddrinfo(infos);
    if (fd == -EADDRINUSE)
        return trawl_err_set(err, fd, where, "cannot listen at '%.200s': the port is in use",
                             address);
    if (fd < 0)
        return trawl_err_set(err, fd, where, "cannot listen at '%.200s': %s", address,
                             strerror(-fd));
    r = listen_name(fd, ret_address);
    if (r < 0) {
        close(fd);
        return trawl_err_set(err, r, where, "cannot listen at '%.200s': %s", address, strerror(-r));
    }
    *ret_fd = fd;
    return 0;
}
