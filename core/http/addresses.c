/* How many connections each address has. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uthash.h>

#include "http/http_priv.h"
#include "util/alloc.h"

struct http_address {
    UT_hash_handle hh;
    struct in6_addr address; /* of IPv4 the mapped form */
    unsigned connections;
};

/* Which one a connection counts for. */
struct http_link {
    UT_hash_handle hh;
    struct lws *wsi;
    struct http_address *address;
};

static bool read_address(int fd, struct in6_addr *ret_address)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);

    if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
        return false;
    memset(ret_address, 0, sizeof(*ret_address));
    if (peer.ss_family == AF_INET6) {
        *ret_address = ((const struct sockaddr_in6 *)&peer)->sin6_addr;
        return true;
    }
    if (peer.ss_family != AF_INET)
        return false;
    ret_address->s6_addr[10] = 0xff;
    ret_address->s6_addr[11] = 0xff;
    memcpy(ret_address->s6_addr + 12, &((const struct sockaddr_in *)&peer)->sin_addr, 4);
    return true;
}

static struct http_address *find(const struct trawl_http_server *server, const struct in6_addr *key)
{
    struct http_address *address;

    HASH_FIND(hh, server->addresses, key, sizeof(*key), address);
    return address;
}

bool trawl__http_address_has_room(const struct trawl_http_server *server, int fd)
{
    const struct http_address *address;
    struct in6_addr key;

    if (server->limits.max_per_address == 0)
        return true;
    if (!read_address(fd, &key)) /* it is gone already */
        return false;
    address = find(server, &key);
    return !address || address->connections < server->limits.max_per_address;
}

void trawl__http_address_enter(struct trawl_http_server *server, struct lws *wsi)
{
    struct http_address *address;
    struct http_link *link;
    struct in6_addr key;

    if (server->limits.max_per_address == 0 || !read_address(lws_get_socket_fd(wsi), &key))
        return;
    address = find(server, &key);
    if (!address) {
        address = TRAWL_NEW(struct http_address);
        address->address = key;
        HASH_ADD(hh, server->addresses, address, sizeof(key), address);
    }
    address->connections++;
    link = TRAWL_NEW(struct http_link);
    link->wsi = wsi;
    link->address = address;
    HASH_ADD_PTR(server->links, wsi, link);
}

void trawl__http_address_leave(struct trawl_http_server *server, struct lws *wsi)
{
    struct http_link *link;

    HASH_FIND_PTR(server->links, &wsi, link);
    if (!link)
        return;
    HASH_DEL(server->links, link);
    if (--link->address->connections == 0) {
        HASH_DEL(server->addresses, link->address);
        free(link->address);
    }
    free(link);
}
