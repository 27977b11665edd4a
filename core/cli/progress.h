/* A run's progress on the terminal: bars, lines, or the events themselves. */
#ifndef TRAWL_CLI_PROGRESS_H
#define TRAWL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "journal/event.h"

enum trawl_progress_form {
    TRAWL_PROGRESS_NONE,
    TRAWL_PROGRESS_LINES, /* phase changes, and one line a second and platform */
    TRAWL_PROGRESS_BARS,  /* one line for each platform, drawn over and over */
    TRAWL_PROGRESS_JSON,  /* each event as one JSON line */
};

struct trawl_progress;

struct trawl_progress *trawl_progress_create(FILE *to, enum trawl_progress_form form, bool color);
void trawl_progress_destroy(
    struct trawl_progress *progress); /* draws the last state; NULL is fine */

void trawl_progress_event(struct trawl_progress *progress, uint32_t epoch,
                          const struct trawl_event *event);

/* "[=====>    ]" of `width` characters within the brackets; without a total (0), "[   <=>    ]" where `current` has moved it. */
void trawl_progress_bar(char *room, size_t size, unsigned width, uint64_t current, uint64_t total);

#endif
