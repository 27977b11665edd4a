/* What a task's workers are told to do: the platform as it is configured, with what the run overrides. */
#ifndef TRAWL_SUPERVISOR_JOBS_H
#define TRAWL_SUPERVISOR_JOBS_H

#include "supervisor/runs.h"

/* {plugin: {name, file}, options, fetch, secret_headers, starts} of TRAWL_MSG_JOB, a new reference; NULL if no such platform is configured. */
json_t *trawl__job_make(const struct trawl_supervisor *supervisor, const char *platform);

/* Called once, now or later. `problem`: NULL, or why the options cannot be, {title, detail, errors}; borrowed. */
typedef void trawl_job_done(void *user, const json_t *problem);

/* Put what a run overrides into the task's job: merged into the options as they were written, and judged by the plugin in an
 * inspector of its own. The run must be held meanwhile. */
void trawl__job_override(struct trawl_task *task, const json_t *overrides, trawl_job_done *done,
                         void *user);

#endif
