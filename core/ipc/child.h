/* How a child process (worker, gateway, inspector) begins, so that none is ever left behind. */
#ifndef TRAWL_IPC_CHILD_H
#define TRAWL_IPC_CHILD_H

/* Set by whoever starts a child to its own process id, in decimal. */
#define TRAWL_PARENT_PID_VARIABLE "TRAWL_PARENT_PID"

/* First call of a child's main. The kernel will kill this process with its parent; SIGPIPE and SIGINT are ignored
 * (a Ctrl-C goes to the whole group, but only the parent decides when its children stop); `title` (at most 15 bytes)
 * is what ps and top show. 0, or -ESRCH if the parent died before this call: then leave at once. */
int trawl_child_begin(const char *title);

/* "TRAWL_PARENT_PID=1234" for the environment of a child; the caller frees it. */
char *trawl_child_parent_entry(void);

/* This process's environment with that entry in it, NULL-terminated, for uv_process_options_t.env. Free with
 * trawl_child_environment_free(). */
char **trawl_child_environment(void);
void trawl_child_environment_free(char **environment);

#endif
