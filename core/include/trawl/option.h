/* Option tables. A plugin describes each option that it takes once; validation, defaults,
 * `trawl plugin show`, the JSON Schema and the documentation all come from that table.
 *
 * A plugin sees its options only after validation: unknown keys were refused, defaults are filled in,
 * a DURATION has become an integer of milliseconds, a SIZE an integer of bytes.
 */
#ifndef TRAWL_OPTION_H
#define TRAWL_OPTION_H

#include <stdbool.h>

enum trawl_option_type {
    TRAWL_OPTION_END, /* ends a table */
    TRAWL_OPTION_STRING,
    TRAWL_OPTION_BOOL,
    TRAWL_OPTION_INT,
    TRAWL_OPTION_NUMBER,
    TRAWL_OPTION_DURATION, /* "250ms", "30s", "15m", "12h", "7d" */
    TRAWL_OPTION_SIZE,     /* "512", "64K", "16M", "2G": powers of 1024 */
    TRAWL_OPTION_ENUM,     /* one of `choices` */
    TRAWL_OPTION_LIST,     /* of `fields[0]`; a lone element is taken as a list of one */
    TRAWL_OPTION_OBJECT,   /* with the members `fields` */
    TRAWL_OPTION_MAP,      /* any names, each value as `fields[0]` says */
    TRAWL_OPTION_ANY,      /* any JSON, passed as it is */
};

/* All strings are static: they live as long as the plugin is loaded. */
struct trawl_option {
    const char *name; /* NULL in the element description of a LIST or MAP */
    enum trawl_option_type type;
    const char *default_json; /* as a user would write it: "8", "\"30s\"", "[]"; NULL: none */
    bool required;
    double min; /* INT, NUMBER; milliseconds for DURATION, bytes for SIZE */
    double max; /* both 0: no range */
    const char
        *choices; /* ENUM: "text|html|attr"; INT: words that may stand for a number, or NULL */
    const struct trawl_option *fields; /* LIST, MAP: one entry; OBJECT: up to TRAWL_OPTION_END */
    const char *shorthand;             /* OBJECT: a lone string means {shorthand: string} */
    const char *help;                  /* one line */
};

#endif
