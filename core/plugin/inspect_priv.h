/* What the asker and the inspector process share beside plugin/inspect.h. */
#ifndef TRAWL_PLUGIN_INSPECT_PRIV_H
#define TRAWL_PLUGIN_INSPECT_PRIV_H

/* A line of this form says what is being done: "#create platforms.books.options". */
#define TRAWL_INSPECT_PROGRESS '#'
#define TRAWL_INSPECT_LOAD     "load"
#define TRAWL_INSPECT_OPTIONS  "options"
#define TRAWL_INSPECT_CREATE   "create"
#define TRAWL_INSPECT_DESTROY  "destroy"

/* The executable to start; NULL: this one. For tests, which are none themselves. */
extern const char *trawl__inspect_executable;

#endif
