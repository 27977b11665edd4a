/* The worker process: one shard of one platform's run. */
#ifndef TRAWL_WORKER_WORKER_H
#define TRAWL_WORKER_WORKER_H

/* Run until the supervisor closes the channel at TRAWL_CHANNEL_FD; the process's exit code. */
int trawl_worker_main(void);

/* The inspector process (plugin/inspect.h): here because it runs scrapers' create(). */
int trawl_inspector_main(void);

#endif
