/* Which plugin a process was in when it crashed: its name, left in memory that it shares with the supervisor. A thread says
 * what it is in, and only when a fatal signal comes, or a plugin ends the process, is that written down: what is called for each
 * event costs nothing more.
 *
 * What is found there was written by a process that has just gone wrong: the reader believes nothing that it does not know.
 */
#ifndef TRAWL_IPC_CULPRIT_H
#define TRAWL_IPC_CULPRIT_H

#include <stdbool.h>

/* Names of the configuration have 64 characters at most. */
#define TRAWL_CULPRIT_MAX 65

struct trawl_culprit {
    char name[TRAWL_CULPRIT_MAX]; /* "" until the process has gone wrong within a plugin */
    char hangs; /* 1: it did not come back from a call, and the process ended itself */
};

/* --- the supervisor's side ----------------------------------------------------------------------- */

/* Memory for one process: *ret_fd is handed over to it and then closed, *ret_culprit read until trawl_culprit_close(). */
int trawl_culprit_create(int *ret_fd, const struct trawl_culprit **ret_culprit);
void trawl_culprit_close(const struct trawl_culprit *culprit); /* NULL is fine */

/* The name as printable ASCII; "" if there is none. True: it hangs. */
bool trawl_culprit_read(const struct trawl_culprit *culprit, char name[TRAWL_CULPRIT_MAX]);

/* --- the process's side -------------------------------------------------------------------------- */

/* Leave a name from now on, in the memory behind `fd`. Without it nothing is left. */
void trawl_culprit_open(int fd);

/* This thread is in a plugin of that name, which must outlive it; NULL: in none. What it was in before is returned, to go back
 * to. */
const char *trawl_culprit_enter(const char *name);

/* Another thread does not come back from a plugin of that name: leave it now, as the process is to end. */
void trawl_culprit_hangs(const char *name);

#endif
