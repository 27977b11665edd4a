/* Hosts for checking a configuration: a plugin's create() finds the real compilers of rules behind them, and nothing
 * else happens. */
#ifndef TRAWL_WORKER_CHECK_HOST_H
#define TRAWL_WORKER_CHECK_HOST_H

#include "trawl/scraper.h"
#include "trawl/transport.h"

const struct trawl_scraper_host *trawl__check_scraper_host(void);
struct trawl_job *trawl__check_job(void);

const struct trawl_transport_host *trawl__check_transport_host(void);
struct trawl_hub *trawl__check_hub(void);

#endif
