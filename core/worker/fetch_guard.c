/* Addresses that are not of the public Internet are refused after the name was resolved, so that no name leads to them. A
 * redirect is a request of its own, and is looked at like any other. */
#include <sys/socket.h>

#include "util/address.h"
#include "util/url.h"
#include "worker/fetch_priv.h"

/* Longest host that is shown whole; names have up to 253 letters. */
#define HOST_SHOWN 260

static bool may_be_private(const struct trawl__fetch_guard *guard)
{
    switch (guard->settings->private_networks) {
    case TRAWL_PRIVATE_ALLOW:
        return true;
    case TRAWL_PRIVATE_DENY:
        return false;
    case TRAWL_PRIVATE_START:
        break;
    }
    return trawl_settings_name_host(guard->settings, guard->url);
}

static void refuse(struct trawl__fetch_guard *guard, const char *address, const char *special)
{
    bool denied = guard->settings->private_networks == TRAWL_PRIVATE_DENY;
    struct trawl_url_parts parts;

    trawl_url_split(guard->url, &parts);
    snprintf(guard->refusal, sizeof(guard->refusal),
             denied
                 ? "%s is no public address (%s), and private_networks is \"deny\" for '%.*s%s%.*s'"
                 : "%s is no public address (%s), and the configured options do not name "
                   "'%.*s%s%.*s'; \"private_networks\": \"allow\" in fetch lets it pass",
             address, special, parts.host_len < HOST_SHOWN ? (int)parts.host_len : HOST_SHOWN,
             parts.host, parts.port_len > 0 ? ":" : "", (int)parts.port_len, parts.port);
}

bool trawl__fetch_guard_begin(struct trawl__fetch_guard *guard,
                              const struct trawl_settings *settings, const char *url, bool proxied)
{
    struct trawl_url_parts parts;
    const char *special;
    char host[64];

    *guard = (struct trawl__fetch_guard){.settings = settings, .url = url, .proxied = proxied};
    if (!proxied)
        return true;
    trawl_url_split(url, &parts);
    special = trawl_address_special_host(parts.host, parts.host_len);
    if (!special || may_be_private(guard))
        return true;
    snprintf(host, sizeof(host), "%.*s", (int)parts.host_len, parts.host);
    refuse(guard, host, special);
    return false;
}

curl_socket_t trawl__fetch_guard_open(void *user, curlsocktype purpose,
                                      struct curl_sockaddr *address)
{
    struct trawl__fetch_guard *guard = user;
    const char *special = trawl_address_special(&address->addr);
    char text[64];

    (void)purpose;
    if (*guard->refusal && guard->proxied)
        return CURL_SOCKET_BAD;
    if (special && !guard->proxied && !may_be_private(guard)) {
        refuse(guard, trawl_address_text(&address->addr, text, sizeof(text)), special);
        return CURL_SOCKET_BAD;
    }
    guard->opened++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool trawl__fetch_guard_refused(const struct trawl__fetch_guard *guard)
{
    return guard->opened == 0 && *guard->refusal;
}
