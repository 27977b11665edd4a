#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "worker/heap.h"

#define COUNT 200

struct thing {
    int value;
    struct trawl_heap_node node;
};

static bool less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return TRAWL_CONTAINER_OF(a, struct thing, node)->value <
           TRAWL_CONTAINER_OF(b, struct thing, node)->value;
}

static struct thing *thing_of(struct trawl_heap_node *node)
{
    return node ? TRAWL_CONTAINER_OF(node, struct thing, node) : NULL;
}

/* COUNT things in the heap, with values in no order, some of them twice. */
static void fill(struct trawl_heap *heap, struct thing things[COUNT])
{
    for (int i = 0; i < COUNT; i++) {
        things[i] = (struct thing){.value = i * 71 % 151};
        trawl_heap_push(heap, &things[i].node);
    }
}

/* Pop everything: how many there were. They must come in order. */
static size_t drain(struct trawl_heap *heap)
{
    size_t count = 0;
    int last = -1000;
    struct thing *top;

    while ((top = thing_of(trawl_heap_top(heap)))) {
        assert_ptr_equal(thing_of(trawl_heap_pop(heap)), top);
        assert_int_equal(top->node.place, 0);
        assert_true(top->value >= last);
        last = top->value;
        count++;
    }
    return count;
}

static void heap__is_empty_at_first(void **state)
{
    struct trawl_heap heap = {.less = less};

    (void)state;
    assert_null(trawl_heap_top(&heap));
    assert_null(trawl_heap_pop(&heap));
    trawl_heap_finish(&heap);
}

static void heap__gives_the_least_first(void **state)
{
    struct trawl_heap heap = {.less = less};
    struct thing things[COUNT];

    (void)state;
    fill(&heap, things);
    assert_int_equal(heap.count, COUNT);
    assert_int_equal(drain(&heap), COUNT);
    fill(&heap, things); /* an empty one is as good as a new one */
    assert_int_equal(drain(&heap), COUNT);
    trawl_heap_finish(&heap);
}

/* Each one from a full heap, so that it is a leaf, the top and everything between. */
static void heap_remove__takes_from_the_middle(void **state)
{
    (void)state;
    for (size_t at = 0; at < COUNT; at++) {
        struct trawl_heap heap = {.less = less};
        struct thing things[COUNT];

        fill(&heap, things);
        trawl_heap_remove(&heap, &things[at].node);
        assert_int_equal(things[at].node.place, 0);
        trawl_heap_remove(&heap, &things[at].node); /* it is in none now */
        assert_int_equal(drain(&heap), COUNT - 1);
        trawl_heap_finish(&heap);
    }
}

static void heap_update__moves_up_and_down(void **state)
{
    static const int values[] = {-1, 75, 1000};
    struct thing alone = {0};

    (void)state;
    for (size_t at = 0; at < COUNT; at++) {
        for (size_t v = 0; v < TRAWL_ARRAY_SIZE(values); v++) {
            struct trawl_heap heap = {.less = less};
            struct thing things[COUNT];

            fill(&heap, things);
            things[at].value = values[v];
            trawl_heap_update(&heap, &things[at].node);
            if (values[v] < 0)
                assert_ptr_equal(thing_of(trawl_heap_top(&heap)), &things[at]);
            trawl_heap_update(&heap, &alone.node); /* it is in no heap */
            assert_int_equal(drain(&heap), COUNT);
            trawl_heap_finish(&heap);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap__is_empty_at_first),
        cmocka_unit_test(heap__gives_the_least_first),
        cmocka_unit_test(heap_remove__takes_from_the_middle),
        cmocka_unit_test(heap_update__moves_up_and_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
