/* Commands that a gateway sends to the supervisor (TRAWL_MSG_COMMAND) and their answers (TRAWL_MSG_REPLY).
 *
 * A refusal has an HTTP status of 400 and more, and result {title, detail, …} of which the gateway makes a problem
 * (RFC 9457).
 *
 *   start   {platforms: [names] or absent: all enabled, options: {platform: {…}}, overlap: "reject" | "queue" | "replace" |
 *            "allow", trigger, idempotency_key, idempotency_body: hex of the body's hash}
 *           → {run_id, existed}; 409 {platform, run_id}: running already; 422: unknown platform (with the nearest name), an
 *             option that is not overridable or not valid, or the idempotency key with another body; 503: shutting down
 *   cancel  {run_id} → {run_id}; 404; 409 if it has ended
 *   resume  {run_id} → {run_id}; 404; 409 if it is not interrupted, or workers.resume is "never"; 503: shutting down
 *   pause_schedule {platform} → {platform, paused}; 404: it has no schedule
 *   resume_schedule the same
 *   move    {from, to, reason, count, connection_id: of the connection that it came by, or absent}: a client went from one
 *            transport to another → {}; 422: unknown transport (with the nearest name)
 *   watchers {limit} → {transports: {name: subscribers of all gateways}, snapshots, watchers: [at most `limit` of them]}
 *   transports {} → {transports: those that serve, as the gateways told them last, moves: [{from, to, reason, count}]: of all
 *            clients since the server started, chains: what the pusher told of its chains last}
 *   enable_transport {transport} → {transport}; 404: it is neither disabled nor left out
 *   From the pusher:
 *   chain_sent {chain, seq, lost}: all through `seq` has arrived → {}
 *   disable_transport {transport, reason}: its receiver wants no more → {}
 */
#ifndef TRAWL_IPC_COMMANDS_H
#define TRAWL_IPC_COMMANDS_H

#define TRAWL_COMMAND_START             "start"
#define TRAWL_COMMAND_CANCEL            "cancel"
#define TRAWL_COMMAND_RESUME            "resume"
#define TRAWL_COMMAND_PAUSE_SCHEDULE    "pause_schedule"
#define TRAWL_COMMAND_RESUME_SCHEDULE   "resume_schedule"
#define TRAWL_COMMAND_MOVE              "move"
#define TRAWL_COMMAND_TRANSPORTS        "transports"
#define TRAWL_COMMAND_ENABLE_TRANSPORT  "enable_transport"
#define TRAWL_COMMAND_DISABLE_TRANSPORT "disable_transport"
#define TRAWL_COMMAND_CHAIN_SENT        "chain_sent"
#define TRAWL_COMMAND_WATCHERS          "watchers"

#endif
