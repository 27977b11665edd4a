#include "worker/heap.h"

#include "util/alloc.h"

static void put_at(struct trawl_heap *heap, size_t place, struct trawl_heap_node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

static void sift_up(struct trawl_heap *heap, struct trawl_heap_node *node)
{
    size_t place = node->place;

    while (place > 1 && heap->less(node, heap->nodes[place / 2])) {
        put_at(heap, place, heap->nodes[place / 2]);
        place /= 2;
    }
    put_at(heap, place, node);
}

static void sift_down(struct trawl_heap *heap, struct trawl_heap_node *node)
{
    size_t place = node->place;

    for (;;) {
        size_t child = place * 2;

        if (child > heap->count)
            break;
        if (child < heap->count && heap->less(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!heap->less(heap->nodes[child], node))
            break;
        put_at(heap, place, heap->nodes[child]);
        place = child;
    }
    put_at(heap, place, node);
}

void trawl_heap_finish(struct trawl_heap *heap)
{
    free(heap->nodes);
    heap->nodes = NULL;
    heap->count = 0;
    heap->cap = 0;
}

void trawl_heap_push(struct trawl_heap *heap, struct trawl_heap_node *node)
{
    if (heap->count + 1 >= heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 8;
        heap->nodes = trawl_xrealloc(heap->nodes, heap->cap * sizeof(*heap->nodes));
    }
    put_at(heap, ++heap->count, node);
    sift_up(heap, node);
}

struct trawl_heap_node *trawl_heap_top(const struct trawl_heap *heap)
{
    return heap->count > 0 ? heap->nodes[1] : NULL;
}

struct trawl_heap_node *trawl_heap_pop(struct trawl_heap *heap)
{
    struct trawl_heap_node *top = trawl_heap_top(heap);

    if (top)
        trawl_heap_remove(heap, top);
    return top;
}

void trawl_heap_remove(struct trawl_heap *heap, struct trawl_heap_node *node)
{
    struct trawl_heap_node *last;
    size_t place = node->place;

    if (place == 0)
        return;
    node->place = 0;
    last = heap->nodes[heap->count--];
    if (last == node)
        return;
    put_at(heap, place, last);
    trawl_heap_update(heap, last);
}

void trawl_heap_update(struct trawl_heap *heap, struct trawl_heap_node *node)
{
    if (node->place == 0)
        return;
    sift_up(heap, node);
    sift_down(heap, node);
}
