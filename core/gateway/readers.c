#include "gateway/readers.h"

#include <errno.h>
#include <stdlib.h>

#include "util/alloc.h"

struct readers {
    uv_loop_t *loop;
    char *folder;
    struct trawl_reader *open[READERS_MAX]; /* opened by the first job of its slot */
    bool busy[READERS_MAX];
    struct read_job *first;
    struct read_job **last;
    unsigned waiting;
};

struct readers *readers_create(uv_loop_t *loop, const char *folder)
{
    struct readers *readers = TRAWL_NEW(struct readers);

    readers->loop = loop;
    readers->folder = trawl_xstrdup(folder);
    readers->last = &readers->first;
    return readers;
}

void readers_destroy(struct readers *readers)
{
    if (!readers)
        return;
    for (unsigned i = 0; i < READERS_MAX; i++) {
        if (readers->open[i])
            trawl_reader_close(readers->open[i]);
    }
    free(readers->folder);
    free(readers);
}

static void job_run(uv_work_t *work)
{
    struct read_job *job = TRAWL_CONTAINER_OF(work, struct read_job, work);
    struct trawl_reader **reader = &job->readers->open[job->slot];

    if (!*reader && trawl_reader_open(job->readers->folder, reader, job->err) < 0) {
        *reader = NULL;
        job->status = -EIO;
        return;
    }
    job->status = job->run(job, *reader);
}

static void start_next(struct readers *readers);

static void job_done(uv_work_t *work, int status)
{
    struct read_job *job = TRAWL_CONTAINER_OF(work, struct read_job, work);
    struct readers *readers = job->readers;

    if (status < 0)
        job->status = status;
    readers->busy[job->slot] = false;
    job->done(job);
    start_next(readers);
}

static void start_next(struct readers *readers)
{
    for (unsigned slot = 0; slot < READERS_MAX && readers->first; slot++) {
        struct read_job *job = readers->first;

        if (readers->busy[slot])
            continue;
        readers->first = job->next;
        if (!readers->first)
            readers->last = &readers->first;
        readers->waiting--;
        readers->busy[slot] = true;
        job->slot = slot;
        job->begun = true;
        uv_queue_work(readers->loop, &job->work, job_run, job_done);
    }
}

int readers_submit(struct readers *readers, struct read_job *job)
{
    if (readers->waiting >= READERS_QUEUE_MAX)
        return -EBUSY;
    job->readers = readers;
    job->next = NULL;
    *readers->last = job;
    readers->last = &job->next;
    readers->waiting++;
    start_next(readers);
    return 0;
}
