/* All that crosses between processes. JSON unless it says otherwise; fields in the order of their use.
 *
 * A child finds its channel at descriptor TRAWL_CHANNEL_FD. A message that its receiver does not know
 * breaks the channel: supervisor and children are one executable, so it is a bug or an attack.
 */
#ifndef TRAWL_IPC_MESSAGES_H
#define TRAWL_IPC_MESSAGES_H

#define TRAWL_CHANNEL_FD    3
#define TRAWL_LISTEN_FD     4 /* gateway: first of its listening sockets; their count is in CONFIGURE */
#define TRAWL_BREADCRUMB_FD 4 /* worker: the memory of ipc/breadcrumb.h */

/* "https://example.org:8443": the longest name of a host that crosses. */
#define TRAWL_HOST_NAME_MAX 512

enum trawl_message_type {
    /* --- supervisor to worker ------------------------------------------------------------------- */

    /* The worker's whole task; first message.
     * {run_id, platform, shard, shards, lease,
     *  plugin: {name, file}, options: {…, resolved},
     *  fetch: {…, the platform's resolved "fetch" section},
     *  secret_headers: {those of its headers that only hosts among `starts` may see},
     *  starts: [origin, of the URLs that the platform's configured options name],
     *  fresh: true if start() is to be called, false to continue from the REQUESTS that follow} */
    TRAWL_MSG_JOB = 1,

    /* Binary: struct trawl_page's request list (ipc/page.h), state of each included. First those that the shard
     * is continued with: several may come, the one with flag TRAWL_FLAG_LAST ends the list, and the worker
     * begins; always sent, empty for a fresh shard. Then, at any time, requests that other shards have found for
     * this one. */
    TRAWL_MSG_REQUESTS,

    /* {serial}: the PAGEs up to this serial number are committed. */
    TRAWL_MSG_ACK,

    /* {pages}: where max_pages limits the run, so many more may be fetched; at first none. */
    TRAWL_MSG_GRANT,

    /* Binary, ipc/validators.h: the answer to ASK, those that may be used, in the order in which they were asked for. With
     * flag TRAWL_FLAG_NONE the platform has none at all, and need not be asked for more. */
    TRAWL_MSG_VALIDATORS,

    /* {}: no shard has anything left: call finish(), go on with what it asks for, then say IDLE again. */
    TRAWL_MSG_FINISH,

    /* {}: no new fetches, commit what is in flight, then send STOPPED and exit. */
    TRAWL_MSG_STOP,

    /* {host, slots, once}: so many more slots of a host; `once`: each for one request. */
    TRAWL_MSG_HOST_GRANT,

    /* {host, slots}: give back so many, as they become free. */
    TRAWL_MSG_HOST_RECALL,

    /* {host, kind, reason}: refuse what is asked of it, until a next HOST_GRANT. */
    TRAWL_MSG_HOST_SHUT,

    /* {host}: fetch its robots.txt; answered by a ROBOTS. */
    TRAWL_MSG_ROBOTS_FETCH,

    /* Binary, ipc/robots.h: a host's robots.txt, either way. To a worker it comes before the first HOST_GRANT, and is answered
     * by a HOST_RULES. */
    TRAWL_MSG_ROBOTS,

    /* Binary like REQUESTS, without their states: answer to MORE. Several may come, MORE_CAME ends them. */
    TRAWL_MSG_STORED,

    /* {host} */
    TRAWL_MSG_MORE_CAME,

    /* --- worker to supervisor ------------------------------------------------------------------- */

    /* {pid}: the plugin is loaded and the scraper created. */
    TRAWL_MSG_READY = 20,

    /* Binary, ipc/page.h. */
    TRAWL_MSG_PAGE,

    /* Binary, ipc/validators.h: requests that are about to be made, for whose validators the worker waits. Answered by
     * VALIDATORS, and not sent again before. */
    TRAWL_MSG_ASK,

    /* {current, total, message}: the scraper's own progress. */
    TRAWL_MSG_PROGRESS,

    /* {level, message} */
    TRAWL_MSG_LOG,

    /* {}: every second while the loop turns. */
    TRAWL_MSG_HEARTBEAT,

    /* {}: there is something to fetch, but for more of max_pages. Answered by a GRANT, once there is one to give. */
    TRAWL_MSG_STARVED,

    /* {heard, unused, starved}: nothing is left to do, all PAGEs are acknowledged. `heard`: REQUESTS after the first
     * list, GRANTs and FINISHes that came; if more were sent meanwhile, the shard is not idle. `unused`: pages of the
     * grants, which it gives back. `starved`: there is something left, but for max_pages. The worker exits when its
     * channel closes. */
    TRAWL_MSG_IDLE,

    /* {message}: the scraper cannot go on, all PAGEs are acknowledged. The worker exits when its channel closes. */
    TRAWL_MSG_FAILED,

    /* {}: answer to STOP, all PAGEs are acknowledged. */
    TRAWL_MSG_STOPPED,

    /* {host, slots}: that it could use now, of those it has or not. 0: it is done with the host, and has given back all. */
    TRAWL_MSG_HOST_WANT,

    /* {host, back, started_ns, fine, fine_ms, failed, busy, retry_after_ms, excluded, excluded_url, excluded_rule}: struct
     * trawl_host_report of worker/hosts.h; what is 0, and a negative retry_after_ms, is left out. */
    TRAWL_MSG_HOST_REPORT,

    /* {host, count}: of the host's requests in the shard's frontier that have not been made, it needs the first so many, by
     * depth and priority. Answered by any number of STORED and one MORE_CAME. */
    TRAWL_MSG_MORE,

    /* {host, crawl_delay_ms}: it knows the host's rules. */
    TRAWL_MSG_HOST_RULES,

    /* --- supervisor to gateway ------------------------------------------------------------------ */

    /* First message. {config: {server, transports, chains} of the resolved configuration, of transports those that serve, or
     * to the pusher those that push, listen: [address of each socket], data: folder, epoch, head: last committed id's seq,
     * plugins: {name: file} of these transports, platforms, plugin_list: as the API shows them, broken: [{name, reason}] of
     * transports that cannot be loaded, left_out: {name: reason} of those that have crashed too often. To the pusher also places: {chain: {seq, lost}}, disabled: {transport: reason}} */
    TRAWL_MSG_CONFIGURE = 40,

    /* Binary, journal/event.h: committed events in order. */
    TRAWL_MSG_EVENTS,

    /* {seq, status: 0 or an HTTP status of 400 and more, result: any}: answer to COMMAND. */
    TRAWL_MSG_REPLY,

    /* {reason}: the store cannot write, which is why /ready says no; null: it can again. */
    TRAWL_MSG_STALLED,

    /* To the pusher, {head}: events through it are committed. */
    TRAWL_MSG_HEAD,

    /* To the pusher, {transport}: its receiver wants to get events again. */
    TRAWL_MSG_ENABLE,

    /* {seq, limit}: answered by a WATCHER_LIST. */
    TRAWL_MSG_LIST_WATCHERS,

    /* {connection_id, from, to, reason, count, at}: what a client, perhaps of another gateway, has told of itself. */
    TRAWL_MSG_MOVED,

    /* {retry_ms}: tell clients to come back, close, exit. */
    TRAWL_MSG_DRAIN,

    /* --- gateway to supervisor ------------------------------------------------------------------ */

    /* {transports: [as the API shows them]}: serving. */
    TRAWL_MSG_SERVING = 60,

    /* The same, when the state of one has changed. */
    TRAWL_MSG_TRANSPORTS,

    /* {seq, name, args}: a command, see ipc/commands.h. Answered by one REPLY. */
    TRAWL_MSG_COMMAND,

    /* {transport: subscribers}: how many follow over each; when it has changed, at most once in a heartbeat's tick. */
    TRAWL_MSG_WATCHERS,

    /* {seq, snapshots: that were sent instead of events, watchers: [at most `limit` of them, as the API shows them]} */
    TRAWL_MSG_WATCHER_LIST,

    /* From the pusher, {chains: [as trawl_chain_state() has them]}: when something has changed. */
    TRAWL_MSG_CHAINS,
};

/* Frame flags. */
#define TRAWL_FLAG_LAST 1u
#define TRAWL_FLAG_NONE 2u

#endif
