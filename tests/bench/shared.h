/* What the load client tells the feed, in a file that both map: how far all subscribers have come. */
#ifndef TESTS_BENCH_SHARED_H
#define TESTS_BENCH_SHARED_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared {
    _Atomic uint64_t ready;   /* all subscribers are there */
    _Atomic uint64_t through; /* every subscriber has every event up to this one */
};

static inline struct shared *shared_open(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *shared = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0)
        shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        perror(file);
        exit(EXIT_FAILURE);
    }
    close(fd);
    return shared;
}

#endif
