#include "ipc/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int trawl_sealed_create(const char *name, size_t size, int *ret_fd, const void **ret_memory)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *memory = MAP_FAILED;
    int r;

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    *ret_memory = memory;
    return 0;
}

void trawl_sealed_close(const void *memory, size_t size)
{
    if (memory)
        munmap((void *)(uintptr_t)memory, size);
}

void trawl_sealed_text(char *room, const char *text, size_t size)
{
    size_t len = strnlen(text, size - 1);

    for (size_t i = 0; i < len; i++)
        room[i] = (char)(text[i] > ' ' && text[i] < 0x7f ? text[i] : '?');
    room[len] = '\0';
}

void *trawl_sealed_open(int fd, size_t size)
{
    struct stat stat;
    void *memory;

    if (fstat(fd, &stat) < 0 || stat.st_size != (off_t)size)
        return NULL;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}
