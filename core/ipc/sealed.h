/* Memory of a fixed size that a child process shares with its supervisor, and that outlives it. The child writes, the supervisor
 * reads: the size is sealed, so that no child can take the memory away from under the reader. What is in it may be anything, and
 * is believed only where it can be checked.
 */
#ifndef TRAWL_IPC_SEALED_H
#define TRAWL_IPC_SEALED_H

#include <stddef.h>

/* --- the supervisor's side ----------------------------------------------------------------------- */

/* Zeroes, called `name` in /proc. *ret_fd is the caller's, to hand over to the child and close; *ret_memory stays until
 * trawl_sealed_close(), with the same size. 0 or negative errno. */
int trawl_sealed_create(const char *name, size_t size, int *ret_fd, const void **ret_memory);
void trawl_sealed_close(const void *memory, size_t size); /* NULL is fine */

/* Copy text that lies in `size` bytes of it to as many of `room`: cut, and with '?' for what is not printable ASCII. */
void trawl_sealed_text(char *room, const char *text, size_t size);

/* --- the child's side ---------------------------------------------------------------------------- */

/* Stays until the process ends; `fd` is still the caller's. NULL if there is no memory of that very size at `fd`: beyond its end
 * an access is a SIGBUS. */
void *trawl_sealed_open(int fd, size_t size);

#endif
