#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/sealed.h"

#define SIZE 16

static void sealed__shows_what_the_child_writes(void **state)
{
    const void *read = NULL;
    char *written;
    int fd = -1;

    (void)state;
    assert_int_equal(trawl_sealed_create("test", SIZE, &fd, &read), 0);
    written = trawl_sealed_open(fd, SIZE);
    assert_non_null(written);
    assert_string_equal(read, "");
    memcpy(written, "pigeon", 7);
    assert_string_equal(read, "pigeon");
    munmap(written, SIZE);
    trawl_sealed_close(read, SIZE);
    close(fd);
}

static void sealed__keeps_its_size(void **state)
{
    const void *read = NULL;
    int fd = -1;

    (void)state;
    assert_int_equal(trawl_sealed_create("test", SIZE, &fd, &read), 0);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, SIZE + 1), -1);
    assert_int_equal(errno, EPERM);
    assert_null(trawl_sealed_open(fd, SIZE + 1));
    assert_null(trawl_sealed_open(fd, SIZE - 1));
    trawl_sealed_close(read, SIZE);
    close(fd);
    trawl_sealed_close(NULL, SIZE);
}

static void sealed__text_is_cut_and_made_printable(void **state)
{
    char room[8];

    (void)state;
    trawl_sealed_text(room, "a b\n\x7f\xff", sizeof(room));
    assert_string_equal(room, "a?b???");
    trawl_sealed_text(room, "xxxxxxxxxx", sizeof(room));
    assert_string_equal(room, "xxxxxxx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed__shows_what_the_child_writes),
        cmocka_unit_test(sealed__keeps_its_size),
        cmocka_unit_test(sealed__text_is_cut_and_made_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
