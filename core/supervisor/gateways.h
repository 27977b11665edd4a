/* The gateway processes (server.gateways), and beside them the pusher where chains push: started, told of events and of their
 * commands' outcomes, started again when they die. Gateways share the listening sockets, and the kernel spreads connections
 * over them.
 *
 * The listening sockets stay open here, so connections that come while no gateway lives wait in the kernel. A new gateway is
 * told the last event that we know, and gets those after it: nothing is lost between two of them.
 */
#ifndef TRAWL_SUPERVISOR_GATEWAYS_H
#define TRAWL_SUPERVISOR_GATEWAYS_H

#include "supervisor/supervisor_priv.h"

/* A gateway that lived this long is restarted at once; one that dies sooner, with growing pauses. */
#define TRAWL_GATEWAY_STABLE_MS 10000

/* After DRAIN: clients are told when to come back, and the process must be gone by then. */
#define TRAWL_GATEWAY_RETRY_MS 1000
#define TRAWL_GATEWAY_DRAIN_MS 5000

void trawl__gateways_start(struct trawl_supervisor *supervisor);

/* Events that are committed. */
void trawl__gateways_events(struct trawl_supervisor *supervisor, const struct trawl_event *events,
                            size_t count);

/* Tell the pusher that a transport's receiver wants to get events again. */
void trawl__gateways_enable(struct trawl_supervisor *supervisor, const char *transport);

/* The transports that serve, as the gateway has them that fares worst with each. New reference. */
json_t *trawl__gateways_transports(const struct trawl_supervisor *supervisor);

/* {transport: subscribers of all gateways}, as they told last. New reference. */
json_t *trawl__gateways_watchers(const struct trawl_supervisor *supervisor);

/* Ask all that serve for at most `limit` of their watchers: how many were asked. Each answers to trawl__watchers_on_list(). */
unsigned trawl__gateways_list_watchers(struct trawl_supervisor *supervisor, json_int_t seq,
                                       size_t limit);

/* A client has told of a move, which the gateway that it is connected to shows with it. */
void trawl__gateways_moved(struct trawl_supervisor *supervisor, const json_t *move);

/* Start them again, with what may be used now: clients come back, and miss nothing. */
void trawl__gateways_reload(struct trawl_supervisor *supervisor);

/* supervisor->stalled has changed. */
void trawl__gateways_stalled(struct trawl_supervisor *supervisor);

/* Drain them; supervisor->gateways is NULL when all are gone, and trawl__shutdown_advance() was called. */
void trawl__gateways_stop(struct trawl_supervisor *supervisor);

#endif
