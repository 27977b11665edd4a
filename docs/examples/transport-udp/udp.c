/* Counts of events by UDP, as statsd takes them: `trawl.item_changed:3|c`, one datagram for each push.
 *
 * Build it against the installed headers alone (see the Makefile beside it), and name it in the configuration:
 *
 *     "plugins": {"paths": ["/where/it/is"]},
 *     "transports": {"udp": {"options": {"port": 8125}}},
 *     "chains": {"counts": {"order": ["udp"], "events": ["item.*", "run.*"]}}
 *
 * A datagram may be lost, and nobody says so: what was sent counts as delivered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <trawl/plugin.h>
#include <trawl/transport.h>

/* Types of messages that are told apart; there are three, and `gap`. */
#define TYPES_MAX 8

struct udp {
    struct sockaddr_in to;
    const char *prefix;
    json_t *options; /* keeps `prefix` */
    int fd;          /* -1 until the first push */
};

struct count {
    const char *type;
    size_t messages;
};

/* Also called to check a configuration: nothing is opened here. */
static int udp_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                      json_t *options, void **ret_transport, struct trawl_err *err)
{
    const char *address = json_string_value(json_object_get(options, "address"));
    struct udp *udp = calloc(1, sizeof(*udp));

    (void)host;
    (void)hub;
    if (!udp)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    udp->fd = -1;
    udp->to.sin_family = AF_INET;
    udp->to.sin_port = htons((uint16_t)json_integer_value(json_object_get(options, "port")));
    if (inet_pton(AF_INET, address, &udp->to.sin_addr) != 1) {
        free(udp);
        return trawl_err_set(err, -EINVAL, "address", "expected an IPv4 address");
    }
    udp->options = json_incref(options);
    udp->prefix = json_string_value(json_object_get(options, "prefix"));
    *ret_transport = udp;
    return 0;
}

static size_t count_types(const struct trawl_message *messages, size_t count,
                          struct count counts[TYPES_MAX])
{
    size_t types = 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < types && strcmp(counts[at].type, messages[i].type) != 0)
            at++;
        if (at == TYPES_MAX)
            continue;
        if (at == types)
            counts[types++] = (struct count){.type = messages[i].type};
        counts[at].messages++;
    }
    return types;
}

static enum trawl_push_outcome udp_push(void *transport, const struct trawl_message *messages,
                                        size_t count, struct trawl_push_result *result)
{
    struct udp *udp = transport;
    struct count counts[TYPES_MAX];
    size_t types = count_types(messages, count, counts);
    char datagram[1024];
    size_t len = 0;

    for (size_t i = 0; i < types && len < sizeof(datagram); i++)
        len += (size_t)snprintf(datagram + len, sizeof(datagram) - len, "%s%s.%s:%zu|c",
                                i ? "\n" : "", udp->prefix, counts[i].type, counts[i].messages);
    if (udp->fd < 0)
        udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (udp->fd < 0 || len >= sizeof(datagram) ||
        sendto(udp->fd, datagram, len, 0, (const struct sockaddr *)&udp->to, sizeof(udp->to)) < 0) {
        snprintf(result->detail, sizeof(result->detail), "cannot send: %s", strerror(errno));
        return TRAWL_PUSH_FAILED;
    }
    result->delivered = count;
    return TRAWL_PUSH_DELIVERED;
}

static void udp_destroy(void *transport)
{
    struct udp *udp = transport;

    if (udp->fd >= 0)
        close(udp->fd);
    json_decref(udp->options);
    free(udp);
}

static const struct trawl_option udp_options[] = {
    {.name = "address",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"127.0.0.1\"",
     .help = "IPv4 address of the collector"},
    {.name = "port",
     .type = TRAWL_OPTION_INT,
     .default_json = "8125",
     .min = 1,
     .max = 65535,
     .help = "its port"},
    {.name = "prefix",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"trawl\"",
     .help = "what each name begins with"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops udp_ops = {
    .create = udp_create,
    .push = udp_push,
    .destroy = udp_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,    .name = "udp",
    .version = "1.0.0",     .summary = "counts events by UDP, as statsd takes them",
    .options = udp_options, .transport = &udp_ops,
};
