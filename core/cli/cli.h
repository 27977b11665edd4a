/* The commands of the terminal, one file each: cmd_NAME.c holds trawl_cmd_NAME(), its options and its help. */
#ifndef TRAWL_CLI_CLI_H
#define TRAWL_CLI_CLI_H

/* Exit codes, as docs/cli.md has them. */
enum trawl_exit {
    TRAWL_EXIT_COMPLETED = 0,
    TRAWL_EXIT_FAILED = 1,
    TRAWL_EXIT_USAGE = 2,
    TRAWL_EXIT_PARTIAL = 3,
    TRAWL_EXIT_INTERRUPTED = 130,
};

struct trawl_command {
    const char *name;
    const char *summary;                /* one line for `trawl --help` */
    int (*main)(int argc, char **argv); /* argv[0] is the command's name */
};

int trawl_cmd_serve(int argc, char **argv);
int trawl_cmd_run(int argc, char **argv);
int trawl_cmd_start(int argc, char **argv);
int trawl_cmd_resume(int argc, char **argv);
int trawl_cmd_schedules(int argc, char **argv);
int trawl_cmd_transports(int argc, char **argv);
int trawl_cmd_check(int argc, char **argv);
int trawl_cmd_schema(int argc, char **argv);
int trawl_cmd_plugin(int argc, char **argv);
int trawl_cmd_runs(int argc, char **argv);
int trawl_cmd_hosts(int argc, char **argv);
int trawl_cmd_items(int argc, char **argv);
int trawl_cmd_demo(int argc, char **argv);
int trawl_cmd_drill(int argc, char **argv);

#endif
