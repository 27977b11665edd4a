#include "extract/arena.h"

#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/alloc.h"

/* Sizes are rounded up to a step as long as they are small, above to a power of two: what is freed in a page is used again
 * by the next allocation of its class. */
#define STEP        16u
#define SMALL_MAX   1024u
#define SMALL_COUNT (SMALL_MAX / STEP)
#define CLASS_COUNT (SMALL_COUNT + 32)

/* The region becomes writable in such steps, as it is used: a limit on the process's data counts what is writable, and so
 * does not count what is only reserved. */
#define GROW_BYTES ((size_t)8 << 20)

/* What a page leaves untouched behind the end, so that the next need not fault it in again. */
#define KEEP_BYTES ((size_t)8 << 20)

/* Before each allocation; as large as malloc's alignment. */
struct head {
    size_t size; /* of the class, without this head */
    size_t class;
};

struct free_block {
    struct free_block *next;
};

struct arena {
    char *base; /* TRAWL_ARENA_MAX bytes of address space; NULL: none yet */
    size_t used;
    size_t writable; /* from the base */
    size_t touched;  /* how far it was ever used since pages were given back */
    bool active;
    bool refused; /* there was no address space to be had */
    struct free_block *free[CLASS_COUNT];
};

static _Thread_local struct arena arena;

static size_t class_of(size_t bytes, size_t *ret_size)
{
    size_t size = SMALL_MAX;
    size_t class = SMALL_COUNT;

    if (bytes <= SMALL_MAX) {
        size_t steps = bytes > 0 ? (bytes + STEP - 1) / STEP : 1;
        *ret_size = steps * STEP;
        return steps - 1;
    }
    while (size < bytes) {
        size *= 2;
        class ++;
    }
    *ret_size = size;
    return class - 1;
}

static bool is_ours(const void *ptr)
{
    uintptr_t base = (uintptr_t)arena.base;

    return base && (uintptr_t)ptr >= base && (uintptr_t)ptr < base + TRAWL_ARENA_MAX;
}

/* The region's first `end` bytes can be used. */
static bool make_writable(size_t end)
{
    size_t wanted = (end + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;

    if (end <= arena.writable)
        return true;
    if (mprotect(arena.base + arena.writable, wanted - arena.writable, PROT_READ | PROT_WRITE) < 0)
        return false;
    arena.writable = wanted;
    return true;
}

static void *take(size_t bytes)
{
    struct free_block *block;
    struct head *head;
    size_t size;
    size_t class;

    if (bytes > TRAWL_ARENA_MAX / 2)
        return NULL;
    class = class_of(bytes, &size);
    block = arena.free[class];
    if (block) {
        arena.free[class] = block->next;
        return block;
    }
    if (sizeof(*head) + size > TRAWL_ARENA_MAX - arena.used ||
        !make_writable(arena.used + sizeof(*head) + size))
        return NULL;
    head = (struct head *)(void *)(arena.base + arena.used);
    arena.used += sizeof(*head) + size;
    head->size = size;
    head->class = class;
    return head + 1;
}

static void arena_free(void *ptr)
{
    struct free_block *block = ptr;
    struct head *head;

    if (!is_ours(ptr)) {
        free(ptr);
        return;
    }
    head = (struct head *)ptr - 1;
    block->next = arena.free[head->class];
    arena.free[head->class] = block;
}

static void *arena_malloc(size_t bytes)
{
    return arena.active ? take(bytes) : malloc(bytes);
}

static void *arena_realloc(void *ptr, size_t bytes)
{
    struct head *head;
    void *moved;

    if (!ptr)
        return arena_malloc(bytes);
    if (!is_ours(ptr)) /* it was made before the scope began, and may outlive it */
        return realloc(ptr, bytes);
    head = (struct head *)ptr - 1;
    if (bytes <= head->size)
        return ptr;
    moved = take(bytes);
    if (!moved)
        return NULL;
    memcpy(moved, ptr, head->size);
    arena_free(ptr);
    return moved;
}

static char *arena_strdup(const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = arena_malloc(len);

    return copy ? memcpy(copy, text, len) : NULL;
}

void trawl_arena_install(void)
{
    xmlMemSetup(arena_free, arena_malloc, arena_realloc, arena_strdup);
}

/* Address space only: memory comes as it is touched. */
static bool reserve(void)
{
    void *base;

#if defined(__SANITIZE_ADDRESS__)
    return false;
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return false;
#endif
#endif
    if (arena.base || arena.refused)
        return arena.base;
    base =
        mmap(NULL, TRAWL_ARENA_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena.refused = base == MAP_FAILED;
    arena.base = arena.refused ? NULL : base;
    return arena.base;
}

bool trawl_arena_begin(void)
{
    if (arena.active || !reserve())
        return false;
    xmlResetLastError(); /* also makes libxml2's state of this thread, which outlives the scope */
    arena.active = true;
    return true;
}

void trawl_arena_end(void)
{
    xmlResetLastError(); /* it points into the region */
    arena.active = false;
    if (arena.used > arena.touched)
        arena.touched = arena.used;
    if (arena.touched > KEEP_BYTES) {
        madvise(arena.base + KEEP_BYTES, arena.touched - KEEP_BYTES, MADV_DONTNEED);
        if (mprotect(arena.base + KEEP_BYTES, arena.writable - KEEP_BYTES, PROT_NONE) == 0)
            arena.writable = KEEP_BYTES;
        arena.touched = KEEP_BYTES;
    }
    arena.used = 0;
    memset(arena.free, 0, sizeof(arena.free));
}

bool trawl_arena_pause(void)
{
    bool paused = arena.active;

    if (paused)
        xmlResetLastError();
    arena.active = false;
    return paused;
}

void trawl_arena_resume(bool paused)
{
    if (paused)
        arena.active = true;
}
