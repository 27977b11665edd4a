#include "extract/jq.h"

#include <ctype.h>
#include <errno.h>
#include <jq.h>
#include <string.h>

#include "extract/jq_value.h"
#include "util/alloc.h"
#include "util/buf.h"

/* A program that goes on and on is stopped here; no page holds so many items. */
#define OUTPUTS_MAX      1000000
#define OUTPUTS_ONE_MORE "1000001"

/* Longest program. */
#define PROGRAM_MAX ((size_t)64 << 10)

/* Put before each program, on its first line, so that line numbers stay those of the user: the environment, other files
 * and the process are out of reach. */
#define PRELUDE                                                                                    \
    "def env: {}; def stderr: .; def debug: .; def debug(f): .; def input_filename: null; "        \
    "def input_line_number: 0; def get_search_list: []; "                                          \
    "def modulemeta: error(\"modulemeta is not available\"); "                                     \
    "def input: error(\"input is not available\"); def inputs: empty; "                            \
    "def halt: error(\"halt is not available\"); "                                                 \
    "def halt_error: error(\"halt_error is not available\"); "                                     \
    "def halt_error($code): error(\"halt_error is not available\"); {} as $ENV | "

/* Around the program: all of its outputs, or the paths of all. */
#define VALUES_OPEN  "[limit(" OUTPUTS_ONE_MORE "; ("
#define VALUES_CLOSE "\n))]"
#define PATHS_OPEN   "[limit(" OUTPUTS_ONE_MORE "; path(("
#define PATHS_CLOSE  "\n)))]"

struct trawl_jq {
    jq_state *values; /* the program */
    jq_state *paths;  /* path(the program), compiled when an input first needs it; NULL before */
    char *program;
    struct trawl_buf said; /* what libjq reported last */
};

static void on_message(void *user, jv message)
{
    struct trawl_jq *jq = user;

    /* The first message is the cause; "1 compile error" follows it. */
    if (jq->said.len == 0 && jv_get_kind(message) == JV_KIND_STRING)
        trawl_buf_append_text(&jq->said, jv_string_value(message));
    jv_free(message);
}

/* "syntax error, unexpected '}' at line 1" of libjq's "jq: error: … at <top-level>, line 1:\n<the program>". */
static void tidy_message(char *text)
{
    static const char lead[] = "jq: error: ";
    char *end = text + strcspn(text, "\n");
    char *place;

    if (strncmp(text, lead, sizeof(lead) - 1) == 0) {
        memmove(text, text + sizeof(lead) - 1, strlen(text) - sizeof(lead) + 2);
        end = text + strcspn(text, "\n");
    }
    *end = '\0';
    if (end > text && end[-1] == ':')
        end[-1] = '\0';
    place = strstr(text, " at <");
    if (place) {
        char *line = strstr(place, ", line");
        if (line)
            memmove(place + 3, line + 1, strlen(line + 1) + 1);
        memcpy(place, " at", 3);
    }
    place = strstr(text, " (Unix shell quoting issues?)");
    if (place)
        memmove(place, place + strlen(" (Unix shell quoting issues?)"),
                strlen(place + strlen(" (Unix shell quoting issues?)")) + 1);
}

static int compile_state(struct trawl_jq *jq, const char *open, const char *close,
                         jq_state **ret_state, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *text = trawl_xasprintf(PRELUDE "%s%s%s", open, jq->program, close);
    jq_state *state = jq_init();
    char *said;

    if (!state)
        return trawl_err_set(err, -ENOMEM, "", "no memory for a jq program");
    trawl_buf_clear(&jq->said);
    jq_set_error_cb(state, on_message, jq);
    jq_set_attr(state, jv_string("JQ_LIBRARY_PATH"), jv_array());
    if (jq_compile(state, text)) {
        *ret_state = state;
        return 0;
    }
    said = trawl_buf_steal(&jq->said, NULL);
    tidy_message(said);
    trawl_err_set(err, -EINVAL, "", "not a jq program: %s", said);
    free(said);
    jq_teardown(&state);
    return -EINVAL;
}

/* Modules are only allowed at the very start of a program, so its first word tells. */
static bool wants_files(const char *program)
{
    static const char *const words[] = {"import", "include", "module"};
    const char *at = program;

    while (*at) {
        if (isspace((unsigned char)*at))
            at++;
        else if (*at == '#')
            at += strcspn(at, "\n");
        else
            break;
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i]);
        if (strncmp(at, words[i], len) == 0 && !isalnum((unsigned char)at[len]) && at[len] != '_')
            return true;
    }
    return false;
}

int trawl_jq_compile(const char *program, struct trawl_jq **ret_jq, struct trawl_err *err)
{
    struct trawl_jq *jq;
    int r;

    if (strlen(program) > PROGRAM_MAX)
        return trawl_err_set(err, -EINVAL, "", "this jq program is longer than %zu bytes",
                             PROGRAM_MAX);
    if (wants_files(program))
        return trawl_err_set(err, -EINVAL, "", "a jq program here cannot use modules");
    jq = TRAWL_NEW(struct trawl_jq);
    trawl_buf_init(&jq->said, 4 * PROGRAM_MAX);
    jq->program = trawl_xstrdup(program);
    r = compile_state(jq, VALUES_OPEN, VALUES_CLOSE, &jq->values, err);
    if (r < 0) {
        trawl_jq_free(jq);
        return r;
    }
    *ret_jq = jq;
    return 0;
}

/* The program's error, as jq words it. */
static int runtime_error(jv failed, struct trawl_err *err)
{
    jv message = jv_invalid_get_msg(failed);

    if (jv_get_kind(message) != JV_KIND_STRING)
        message = jv_dump_string(message, 0);
    trawl_err_set(err, -EINVAL, "", "jq: %s", jv_string_value(message));
    jv_free(message);
    return -EINVAL;
}

/* All outputs of a machine, as one array; 0 or an error. They are gathered by the program itself: libjq 1.6 aborts if it is
 * left while a path expression has more to give, so a machine always runs to its end. */
static int run_machine(jq_state *state, jv input, jv *ret_outputs, struct trawl_err *err)
{
    jv outputs;

    jq_start(state, input, 0);
    outputs = jq_next(state);
    if (!jv_is_valid(outputs))
        return runtime_error(outputs, err);
    jv_free(jq_next(state)); /* the end: nothing of this page stays behind in it */
    if (jv_array_length(jv_copy(outputs)) > OUTPUTS_MAX) {
        jv_free(outputs);
        return trawl_err_set(err, -E2BIG, "", "jq: more than %d outputs", OUTPUTS_MAX);
    }
    *ret_outputs = outputs;
    return 0;
}

/* Hand over `value`, in jq's doubles, or better `exact`, the part of the input that it is. */
static int deliver(jv value, const json_t *exact, int (*result)(void *, json_t *), void *user,
                   struct trawl_err *err)
{
    json_t *json;
    int r;

    if (exact) {
        json = trawl__jq_normalise(exact);
        jv_free(value);
    } else {
        json = trawl__jq_to_json(value);
    }
    if (!json)
        return trawl_err_set(err, -EINVAL, "", "jq: the result is nested too deeply");
    r = result(user, json);
    json_decref(json);
    return r;
}

/* The part of the input that a path leads to if that is what the program computed, else NULL. */
static const json_t *exact_value(const json_t *input, jv path, jv computed)
{
    const json_t *found = trawl__jq_follow(input, path);
    bool inexact = false;

    jv_free(path);
    return found && jv_equal(trawl__jq_from_json(found, &inexact), jv_copy(computed)) ? found
                                                                                      : NULL;
}

/* The paths of the outputs, or an invalid jv if the program is no path expression. */
static jv run_paths(struct trawl_jq *jq, jv input)
{
    jv paths = jv_invalid();

    if (!jq->paths)
        compile_state(jq, PATHS_OPEN, PATHS_CLOSE, &jq->paths, NULL);
    if (!jq->paths) {
        jv_free(input);
        return jv_invalid();
    }
    return run_machine(jq->paths, input, &paths, NULL) < 0 ? jv_invalid() : paths;
}

int trawl_jq_run(struct trawl_jq *jq, const json_t *input, int (*result)(void *, json_t *),
                 void *user, struct trawl_err *err)
{
    bool inexact = false;
    jv value = trawl__jq_from_json(input, &inexact);
    jv paths = jv_invalid();
    jv outputs = jv_invalid();
    int r;

    if (!jv_is_valid(value)) {
        jv_free(value);
        return trawl_err_set(err, -EINVAL, "", "jq: the input is nested too deeply");
    }
    r = run_machine(jq->values, jv_copy(value), &outputs, err);
    if (r == 0 && inexact)
        paths = run_paths(jq, jv_copy(value));
    jv_free(value);
    if (r < 0)
        return r;
    for (int i = 0; r == 0 && i < jv_array_length(jv_copy(outputs)); i++) {
        const json_t *exact = NULL;
        value = jv_array_get(jv_copy(outputs), i);
        if (jv_is_valid(paths) && i < jv_array_length(jv_copy(paths)))
            exact = exact_value(input, jv_array_get(jv_copy(paths), i), value);
        r = deliver(value, exact, result, user, err);
    }
    jv_free(outputs);
    jv_free(paths);
    return r;
}

void trawl_jq_free(struct trawl_jq *jq)
{
    if (!jq)
        return;
    if (jq->values)
        jq_teardown(&jq->values);
    if (jq->paths)
        jq_teardown(&jq->paths);
    trawl_buf_finish(&jq->said);
    free(jq->program);
    free(jq);
}
