/* The gateway process: HTTP API, dashboard, transports. */
#ifndef TRAWL_GATEWAY_GATEWAY_H
#define TRAWL_GATEWAY_GATEWAY_H

/* Run until the supervisor closes the channel at TRAWL_CHANNEL_FD or drains it; the process's exit code. */
int trawl_gateway_main(void);

#endif
