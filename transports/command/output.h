/* What a program says: its lines go to the log, read by a thread so that it never waits for us. Ids on lines of its stdout may
 * be awaited. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include "trawl/transport.h"

/* More of a line is left out, and so are more lines in a second. */
#define OUTPUT_LINE_MAX         1000
#define OUTPUT_LINES_PER_SECOND 20

struct output;

/* Takes the descriptors over, also where it fails: then NULL. */
struct output *output_start(const struct trawl_transport_host *host, struct trawl_hub *hub, int out,
                            int err);

/* NULL is fine. */
void output_stop(struct output *output);

/* From now on a line of stdout that is the id of one of these says that it has arrived, and all before it have. They are
 * borrowed until the next call. */
void output_expect(struct output *output, const struct trawl_message *messages, size_t count);

/* How many have arrived: waits up to `ms` until that is more than `known`. */
size_t output_arrived(struct output *output, size_t known, int ms);

/* How many have arrived in all: waits up to `ms` until the program's stdout has ended. */
size_t output_arrived_at_end(struct output *output, int ms);

#endif
