/* Which network addresses are of the public Internet, by the special-purpose address registries of the IANA (RFC 6890).
 */
#ifndef TRAWL_UTIL_ADDRESS_H
#define TRAWL_UTIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What an address is for if not for everyone: "loopback", "private use", …; static. NULL: it is globally reachable. One that
 * is neither IPv4 nor IPv6 is "no Internet address". */
const char *trawl_address_special(const struct sockaddr *address);

/* The same of a URL's host: an address as text, IPv6 in brackets, or a name. A name has to be resolved to be judged, so it
 * is NULL, but for those that RFC 6761 gives to the loopback. */
const char *trawl_address_special_host(const char *host, size_t len);

/* As text into `room`; "?" if it is no Internet address. */
const char *trawl_address_text(const struct sockaddr *address, char *room, size_t size);

#endif
