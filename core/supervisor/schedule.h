/* When a schedule makes a run: a state machine that is given the clock.
 *
 * Its owner asks for the next step whenever the clock may have reached it, does what the step says, and advances it. So a due
 * time is dealt with once, whatever the clock does: one that is set back makes nothing due again, and what a clock that jumps
 * ahead passes over is missed, as if nobody had been there.
 *
 * Jitter moves a firing as a whole: until `put_off_ms` have gone by since a due time, it is as if it were not due.
 */
#ifndef TRAWL_SUPERVISOR_SCHEDULE_H
#define TRAWL_SUPERVISOR_SCHEDULE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/schedule.h"
#include "store/store.h"

/* A due time is missed when it could not be dealt with for so long: the machine slept, or its disk was full. */
#define TRAWL_SCHEDULE_LATE_MS 60000

/* With misfire "all" no more are made up for, the last ones: a day of a schedule of every hour. */
#define TRAWL_SCHEDULE_MAKE_UP_MAX 24

enum trawl_misfire {
    TRAWL_MISFIRE_SKIP,
    TRAWL_MISFIRE_COALESCE,
    TRAWL_MISFIRE_ALL,
};

struct trawl_schedule {
    struct trawl_timing timing;
    int64_t jitter_ms;
    enum trawl_misfire misfire;
    enum trawl_overlap overlap; /* "skip" is REJECT */

    int64_t since_ms; /* somebody has watched the clock since then */
    int64_t due_ms;   /* due times through this one are dealt with */
    int64_t put_off_ms;
    bool paused;
};

enum trawl_step {
    TRAWL_STEP_WAIT, /* until `at_ms` */
    TRAWL_STEP_RUN,  /* make a run for `due_ms` */
    TRAWL_STEP_PASS, /* those through `due_ms` were missed, and nothing is made up for them */
};

struct trawl_schedule_step {
    enum trawl_step what;
    int64_t at_ms; /* of WAIT; may be TRAWL_CRON_NEVER */
    int64_t due_ms;
    enum trawl_overlap overlap; /* of RUN */
};

/* From a platform's resolved "schedule". What trawl_timing_parse() gives; then the rest is zero. */
int trawl_schedule_init(struct trawl_schedule *schedule, const json_t *section,
                        struct trawl_err *err);
void trawl_schedule_finish(struct trawl_schedule *schedule);

struct trawl_schedule_step trawl_schedule_next(const struct trawl_schedule *schedule,
                                               int64_t now_ms);

/* Due times through `due_ms` are dealt with. `random` is any number, of which the next jitter is made. */
void trawl_schedule_advance(struct trawl_schedule *schedule, int64_t due_ms, uint64_t random);

#endif
