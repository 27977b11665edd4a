/* A binary heap of objects that hold their place in it, so that one can be moved or taken from the middle. */
#ifndef TRAWL_WORKER_HEAP_H
#define TRAWL_WORKER_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Embedded in what is kept in a heap; zero while it is in none. An object in two heaps has two of them. */
struct trawl_heap_node {
    size_t place; /* 1 is the top */
};

typedef bool trawl_heap_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b);

/* Initialise with {.less = …}; trawl_heap_finish() frees the array, not the objects. */
struct trawl_heap {
    struct trawl_heap_node **nodes; /* the first one is unused */
    size_t count;
    size_t cap;
    trawl_heap_less *less;
};

void trawl_heap_finish(struct trawl_heap *heap);
void trawl_heap_push(struct trawl_heap *heap, struct trawl_heap_node *node);

/* The least, or NULL; it stays. */
struct trawl_heap_node *trawl_heap_top(const struct trawl_heap *heap);

/* The least, or NULL; it is taken out. */
struct trawl_heap_node *trawl_heap_pop(struct trawl_heap *heap);

/* Nothing happens if it is in no heap. */
void trawl_heap_remove(struct trawl_heap *heap, struct trawl_heap_node *node);

/* Its order has changed. Nothing happens if it is in no heap. */
void trawl_heap_update(struct trawl_heap *heap, struct trawl_heap_node *node);

#endif
