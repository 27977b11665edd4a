/* Allocation and cleanup.
 *
 * Two rules. What the program itself needs (a struct, a name) comes from trawl_xalloc() and friends:
 * when there is no memory for it, the process says so and aborts, and its supervisor restarts it.
 * What a remote peer or a plugin can make large lives in a struct trawl_buf with a limit, and running
 * into that limit is an error value, never an abort.
 */
#ifndef TRAWL_UTIL_ALLOC_H
#define TRAWL_UTIL_ALLOC_H

#include <stddef.h>
#include <stdlib.h>

#define TRAWL_CLEANUP(fn)   __attribute__((cleanup(fn)))
#define TRAWL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define TRAWL_CONTAINER_OF(ptr, type, member)                                                      \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Zeroed memory for one object of `bytes`; never NULL. Free with free(). */
void *trawl_xalloc(size_t bytes);

/* Like realloc() and strdup(), never NULL. trawl_xstrdup(NULL) is NULL. */
void *trawl_xrealloc(void *ptr, size_t bytes);
char *trawl_xstrdup(const char *text);
char *trawl_xstrndup(const char *text, size_t len);
char *trawl_xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void trawl_freep(void *ptr)
{
    free(*(void **)ptr);
}

#define TRAWL_NEW(type) ((type *)trawl_xalloc(sizeof(type)))
#define TRAWL_AUTO_FREE TRAWL_CLEANUP(trawl_freep)

#endif
