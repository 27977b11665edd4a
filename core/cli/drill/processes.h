/* The processes below one of ours, by /proc. */
#ifndef TRAWL_CLI_DRILL_PROCESSES_H
#define TRAWL_CLI_DRILL_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Children that are looked at. */
#define DRILL_CHILDREN_MAX 128

/* Children of `parent` that live: those that were started with --role=`role`, or all if it is NULL. Gives how many of them are
 * in `children`. */
size_t drill_children(pid_t parent, const char *role, pid_t children[DRILL_CHILDREN_MAX]);

/* Not gone, and not a zombie that waits for its parent. */
bool drill_is_alive(pid_t pid);

#endif
