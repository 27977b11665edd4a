/* A child process of ours with a channel to it: spawned from the running executable, killed, reaped.
 *
 * A process belongs to whoever spawned it until on_gone was called or it was released; it frees itself once it has
 * been reaped and its handles have closed.
 */
#ifndef TRAWL_SUPERVISOR_PROCESS_H
#define TRAWL_SUPERVISOR_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "ipc/channel.h"

/* How long what a dead child wrote before its end is still read; a program that it left behind may hold the other end of the
 * channel open for ever. */
#define TRAWL_PROCESS_LINGER_MS 200

/* How long a child that was released may take to exit before it is killed. */
#define TRAWL_PROCESS_EXIT_MS 2000

struct trawl_process;

struct trawl_process_ops {
    void (*on_frame)(void *user, const struct trawl_frame *frame);
    /* It has exited and was reaped; `how` is a phrase for the log. Last call. */
    void (*on_gone)(void *user, const char *how);
};

/* Start `trawl --role=ROLE` with a channel at TRAWL_CHANNEL_FD and copies of `fds` after it. `fds` are borrowed. */
int trawl_process_spawn(uv_loop_t *loop, const char *role, const int *fds, size_t fd_count,
                        const struct trawl_process_ops *ops, void *user,
                        struct trawl_process **ret_process);

pid_t trawl_process_pid(const struct trawl_process *process);

/* The signal that ended it; 0 while it lives, and if it exited. For on_gone. */
int trawl_process_signal(const struct trawl_process *process);

/* Let it have at most so much data (RLIMIT_DATA). Nothing happens in a build with sanitizers, which need all of the address
 * space for themselves. */
int trawl_process_limit_memory(struct trawl_process *process, uint64_t bytes);

/* NULL once the child has closed it. */
struct trawl_channel *trawl_process_channel(const struct trawl_process *process);

/* SIGKILL; on_gone follows. */
void trawl_process_kill(struct trawl_process *process);

/* No further calls: close the channel, which tells the child to exit, and kill it if it does not. NULL is fine. */
void trawl_process_release(struct trawl_process *process);

/* SIGKILL to every child that has not been reaped, released ones included. */
void trawl_process_kill_all(void);

#endif
