/* The arguments of a command as data: a table of its options, from which both the parser and `--help` work. */
#ifndef TRAWL_CLI_ARGUMENTS_H
#define TRAWL_CLI_ARGUMENTS_H

#include <stdbool.h>

/* Of `text`, `number`, `flag` and `take` one is set: there the value goes. */
struct trawl_cli_option {
    const char *name;  /* "output" */
    const char *value; /* what --help calls it: "FILE"; NULL: there is none */
    const char *help;  /* may have several lines */
    char letter;       /* 'o' for -o, or 0 */
    const char **text; /* borrowed from argv */
    unsigned *number;  /* from `min` to `max` */
    unsigned min;
    unsigned max;
    bool *flag;

    /* -1: go on; else the exit code, after saying why. Called each time that the option is given. */
    int (*take)(void *to, const char *value);
    void *to;
};

/* Options that several commands have, without where they go. */
#define TRAWL_CLI_CONFIG "config", "FILE", "configuration"
#define TRAWL_CLI_DATA   "data", "DIR", "data folder (else the configuration's)"
#define TRAWL_CLI_JSON   "json", NULL, "as JSON, with all that is known"
#define TRAWL_CLI_SERVER                                                                           \
    "server", "URL",                                                                               \
        "the server (else the configuration's first address, else\nhttp://127.0.0.1:8080)"

struct trawl_cli_syntax {
    const char *command;
    const struct trawl_cli_option *options; /* up to one without a name; --help is in none */
    const char *about;                      /* what --help says before the options */
    const char *ending;                     /* and after them, or NULL */
    int max_words;                          /* arguments that are no options */
};

/* -1: go on, with *argc and *argv the words that are no options; else the exit code, after saying why or printing the help. */
int trawl_cli_parse(const struct trawl_cli_syntax *syntax, int *argc, char ***argv);

#endif
