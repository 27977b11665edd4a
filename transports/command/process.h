/* A program with three pipes, in a process group of its own. It dies with the thread that has started it. */
#ifndef COMMAND_PROCESS_H
#define COMMAND_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "trawl/err.h"

struct process {
    pid_t pid; /* also its group's */
    int in;    /* its stdin; does not block */
    int out;
    int err;
};

/* argv[0] is looked for in PATH. Errors are sentences that name the program. */
int process_start(char *const *argv, char *const *env, struct process *ret_process,
                  struct trawl_err *err);

bool process_has_ended(const struct process *process);

/* Bytes of its stdin that it has not read. */
size_t process_unread(const struct process *process);

/* End it, if it does not end by itself once its stdin is closed, and all of its group. `how` becomes "exited with status 1" or
 * "was ended by SIGKILL". `out` and `err` stay open. */
void process_end(struct process *process, char *how, size_t size);

#endif
