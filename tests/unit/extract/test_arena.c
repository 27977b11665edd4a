#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libxml/xmlmemory.h>
#include <pthread.h>
#include <string.h>

#include "extract/arena.h"
#include "extract/plan.h"

static void arena__takes_freed_memory_again(void **state)
{
    char *first, *second;

    (void)state;
    if (!trawl_arena_begin())
        skip();
    first = xmlMalloc(100);
    memset(first, 'a', 100);
    xmlFree(first);
    second = xmlMalloc(105);
    assert_ptr_equal(first, second);
    trawl_arena_end();
}

static void arena__grows_what_it_gave(void **state)
{
    static const size_t sizes[] = {1, 16, 17, 1024, 1025, 5000, 70000, 3000000};
    char *block = NULL;

    (void)state;
    if (!trawl_arena_begin())
        skip();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block = xmlRealloc(block, sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        if (i > 0)
            assert_int_equal(block[sizes[i - 1] - 1], 'x');
        memset(block, 'x', sizes[i]);
    }
    xmlFree(block);
    assert_null(xmlMalloc(TRAWL_ARENA_MAX));
    trawl_arena_end();
}

static void arena__leaves_what_is_older_to_malloc(void **state)
{
    char *old = xmlMalloc(10);
    char *within;

    (void)state;
    if (!trawl_arena_begin()) {
        xmlFree(old);
        skip();
    }
    old = xmlRealloc(old, 5000);
    within = (char *)xmlStrdup(BAD_CAST "within");
    assert_string_equal(within, "within");
    trawl_arena_end();
    memset(old, 'x', 5000); /* still there */
    xmlFree(old);
}

static void arena__does_not_nest(void **state)
{
    bool paused;
    char *kept;

    (void)state;
    if (!trawl_arena_begin())
        skip();
    assert_false(trawl_arena_begin());
    paused = trawl_arena_pause();
    kept = xmlMalloc(10);
    trawl_arena_resume(paused);
    assert_false(trawl_arena_begin());
    trawl_arena_end();
    memset(kept, 'x', 10);
    xmlFree(kept);
}

static void *use_arena(void *arg)
{
    bool begun = trawl_arena_begin();

    memset(xmlMalloc(100), 'y', 100);
    if (begun)
        trawl_arena_end();
    return arg;
}

static void arena__is_each_threads_own(void **state)
{
    pthread_t thread;
    char *mine;

    (void)state;
    if (!trawl_arena_begin())
        skip();
    mine = xmlMalloc(100);
    memset(mine, 'x', 100);
    assert_int_equal(pthread_create(&thread, NULL, use_arena, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(mine[0], 'x');
    trawl_arena_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena__takes_freed_memory_again),
        cmocka_unit_test(arena__grows_what_it_gave),
        cmocka_unit_test(arena__leaves_what_is_older_to_malloc),
        cmocka_unit_test(arena__does_not_nest),
        cmocka_unit_test(arena__is_each_threads_own),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
