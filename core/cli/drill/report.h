/* What became of the faults: a table for people, or a JSON object each. A row is
 * {fault, title, skipped: why it was not tried or null, ended, next_event_ms, lost, repeated, stray,
 *  clients: [{client, path: [transports], reconnects, back_ms, next_event_ms, lost, repeated, stray}]},
 * where what did not happen is null. The last one, of the whole run, has `events` as well: how many a new client got of it. */
#ifndef TRAWL_CLI_DRILL_REPORT_H
#define TRAWL_CLI_DRILL_REPORT_H

#include <jansson.h>
#include <stdbool.h>

/* The table's head; nothing with `json`. */
void drill_report_begin(bool json);
void drill_report_row(const json_t *row, bool json);

#endif
