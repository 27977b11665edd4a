/* The process that runs the pushing chains: all of them in one, so that nothing is delivered twice. */
#ifndef TRAWL_PUSHER_PUSHER_H
#define TRAWL_PUSHER_PUSHER_H

/* `trawl --role=pusher`. Returns the exit code. */
int trawl_pusher_main(void);

#endif
