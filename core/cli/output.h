/* Where `-o FILE` goes: written beside it and put in its place when all is there, so that FILE is whole or as it was. */
#ifndef TRAWL_CLI_OUTPUT_H
#define TRAWL_CLI_OUTPUT_H

#include <stdio.h>

#include "trawl/err.h"

struct trawl_output {
    FILE *to;
    char *path;      /* NULL: stdout */
    char *temporary; /* what is written until then */
};

/* `path` NULL or "-": stdout. Tells at once if it cannot be written. */
int trawl_output_open(struct trawl_output *output, const char *path, struct trawl_err *err);

/* All is written: put it in place. */
int trawl_output_commit(struct trawl_output *output, struct trawl_err *err);

/* Give up what was not committed, and free. */
void trawl_output_close(struct trawl_output *output);

#endif
