/* Validating what a user wrote against an option table, and filling in the defaults. */
#include "config/options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/options_priv.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/log.h"
#include "util/suggest.h"

/* More names than any table has; a suggestion looks no further. */
#define NAMES_MAX 128

/* Where a value stands, as a chain up to the root: it is only spelled out for a mistake. */
struct place {
    const struct place *above;
    const char *name; /* a member's name, or NULL for an element of a list */
    size_t index;
};

static json_t *resolve_value(const struct trawl_option *option, const json_t *given,
                             const struct place *place, struct trawl_errlist *errs);
static json_t *resolve_table(const struct trawl_option *table, const json_t *given,
                             const struct place *place, struct trawl_errlist *errs);

static void spell_place(const struct place *place, char *room, size_t size)
{
    size_t len;

    if (!place) {
        room[0] = '\0';
        return;
    }
    spell_place(place->above, room, size);
    len = strlen(room);
    if (!place->name)
        snprintf(room + len, size - len, "[%zu]", place->index);
    else
        snprintf(room + len, size - len, "%s%s", len ? "." : "", place->name);
}

__attribute__((format(printf, 3, 4))) static json_t *
mistake(struct trawl_errlist *errs, const struct place *place, const char *format, ...)
{
    struct trawl_err err;
    va_list args;

    spell_place(place, err.where, sizeof(err.where));
    va_start(args, format);
    vsnprintf(err.message, sizeof(err.message), format, args);
    va_end(args);
    trawl_errlist_add(errs, err.where, "%s", err.message);
    return NULL;
}

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static json_t *wrong_type(struct trawl_errlist *errs, const struct place *place,
                          const char *expected, const json_t *given)
{
    char room[64];

    if (json_is_string(given))
        return mistake(errs, place, "expected %s, not the string '%s'", expected,
                       trawl_log_quote(room, sizeof(room), json_string_value(given)));
    return mistake(errs, place, "expected %s, not %s", expected, kind_of(given));
}

static bool in_range(const struct trawl_option *option, double value, const struct place *place,
                     struct trawl_errlist *errs)
{
    char min[40];
    char max[40];
    char found[40];

    if (!trawl__option_has_range(option) || (value >= option->min && value <= option->max))
        return true;
    trawl__option_amount(min, sizeof(min), option, option->min);
    trawl__option_amount(max, sizeof(max), option, option->max);
    trawl__option_amount(found, sizeof(found), option, value);
    mistake(errs, place, "expected %s to %s, not %s", min, max, found);
    return false;
}

/* A number may come as a string, since a ${VARIABLE} can only give one. */
static int integer_of(const json_t *given, json_int_t *ret_value)
{
    const char *text = json_string_value(given);
    char *end = NULL;

    if (json_is_integer(given)) {
        *ret_value = json_integer_value(given);
        return 0;
    }
    if (!text || (*text != '-' && (*text < '0' || *text > '9')))
        return -EINVAL;
    errno = 0;
    *ret_value = strtoll(text, &end, 10);
    return errno != 0 || end == text || *end ? -EINVAL : 0;
}

static int number_of(const json_t *given, double *ret_value)
{
    const char *text = json_string_value(given);
    char *end = NULL;

    if (json_is_number(given)) {
        *ret_value = json_number_value(given);
        return 0;
    }
    if (!text || (*text != '-' && (*text < '0' || *text > '9')))
        return -EINVAL;
    *ret_value = strtod(text, &end);
    return end == text || *end || !isfinite(*ret_value) ? -EINVAL : 0;
}

static bool is_choice(const struct trawl_option *option, const char *text)
{
    const char *at = option->choices ? option->choices : "";
    const char *choice;
    size_t len;

    while (text && (len = trawl__option_next_choice(&at, &choice)) > 0) {
        if (strlen(text) == len && strncmp(text, choice, len) == 0)
            return true;
    }
    return false;
}

static json_t *resolve_int(const struct trawl_option *option, const json_t *given,
                           const struct place *place, struct trawl_errlist *errs)
{
    char expected[128] = "a whole number";
    json_int_t value = 0;

    if (is_choice(option, json_string_value(given)))
        return json_incref((json_t *)given);
    if (option->choices)
        snprintf(expected, sizeof(expected), "a whole number or %s", option->choices);
    if (json_is_real(given))
        return mistake(errs, place, "expected %s, not %.15g", expected, json_real_value(given));
    if (integer_of(given, &value) < 0)
        return wrong_type(errs, place, expected, given);
    return in_range(option, (double)value, place, errs) ? json_integer(value) : NULL;
}

static json_t *resolve_number(const struct trawl_option *option, const json_t *given,
                              const struct place *place, struct trawl_errlist *errs)
{
    double value = 0;

    if (number_of(given, &value) < 0)
        return wrong_type(errs, place, "a number", given);
    if (!in_range(option, value, place, errs))
        return NULL;
    return json_is_integer(given) ? json_integer(json_integer_value(given)) : json_real(value);
}

static json_t *resolve_bool(const json_t *given, const struct place *place,
                            struct trawl_errlist *errs)
{
    const char *text = json_string_value(given);

    if (json_is_boolean(given))
        return json_boolean(json_boolean_value(given));
    if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_boolean(text[0] == 't');
    return wrong_type(errs, place, "true or false", given);
}

static json_t *resolve_duration(const struct trawl_option *option, const json_t *given,
                                const struct place *place, struct trawl_errlist *errs)
{
    const char *text = json_string_value(given);
    int64_t ms = 0;

    if (json_is_integer(given) && json_integer_value(given) != 0)
        return mistake(errs, place,
                       "expected a duration with its unit such as \"30s\", not a number");
    if (!json_is_integer(given) && (!text || trawl_duration_parse(text, &ms) < 0))
        return wrong_type(errs, place, "a duration such as \"250ms\", \"30s\", \"15m\" or \"7d\"",
                          given);
    return in_range(option, (double)ms, place, errs) ? json_integer(ms) : NULL;
}

static json_t *resolve_size(const struct trawl_option *option, const json_t *given,
                            const struct place *place, struct trawl_errlist *errs)
{
    const char *text = json_string_value(given);
    int64_t bytes = json_integer_value(given);

    if (json_is_integer(given) ? bytes < 0 : (!text || trawl_size_parse(text, &bytes) < 0))
        return wrong_type(errs, place, "a size such as \"512\", \"64K\", \"16M\" or \"2G\"", given);
    return in_range(option, (double)bytes, place, errs) ? json_integer(bytes) : NULL;
}

/* "; did you mean 'x'?", or nothing. */
static const char *did_you_mean(char *room, size_t size, const char *name, const char *const *names,
                                size_t count)
{
    const char *nearest = trawl_suggest(name, names, count);

    room[0] = '\0';
    if (nearest)
        snprintf(room, size, "; did you mean '%s'?", nearest);
    return room;
}

static json_t *resolve_enum(const struct trawl_option *option, const json_t *given,
                            const struct place *place, struct trawl_errlist *errs)
{
    const char *text = json_string_value(given);
    const char *at = option->choices ? option->choices : "";
    char *names[NAMES_MAX];
    char expected[256];
    char hint[128];
    size_t count = 0;
    const char *choice;
    size_t len;

    while ((len = trawl__option_next_choice(&at, &choice)) > 0) {
        if (text && strlen(text) == len && strncmp(text, choice, len) == 0)
            break;
        if (count < NAMES_MAX)
            names[count++] = trawl_xstrndup(choice, len);
    }
    if (len == 0) {
        did_you_mean(hint, sizeof(hint), text ? text : "", (const char *const *)names, count);
        snprintf(expected, sizeof(expected), "one of %s", option->choices);
        if (!text)
            wrong_type(errs, place, expected, given);
        else
            mistake(errs, place, "expected %s, not '%.40s'%s", expected, text, hint);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return len > 0 ? json_string(text) : NULL;
}

static json_t *resolve_list(const struct trawl_option *option, const json_t *given,
                            const struct place *place, struct trawl_errlist *errs)
{
    json_t *list = json_array();
    json_t *element;
    size_t i;

    if (!json_is_array(given)) { /* a lone element; its mistakes are told at the list's own place */
        element = resolve_value(option->fields, given, place, errs);
        if (element)
            json_array_append_new(list, element);
        return list;
    }
    json_array_foreach (given, i, element) {
        struct place below = {.above = place, .index = i};

        element = resolve_value(option->fields, element, &below, errs);
        if (element)
            json_array_append_new(list, element);
    }
    return list;
}

static json_t *resolve_map(const struct trawl_option *option, const json_t *given,
                           const struct place *place, struct trawl_errlist *errs)
{
    json_t *map;
    json_t *value;
    const char *name;

    if (!json_is_object(given))
        return wrong_type(errs, place, "an object", given);
    map = json_object();
    json_object_foreach ((json_t *)given, name, value) {
        struct place below = {.above = place, .name = name};

        if (trawl__option_is_comment(name))
            continue;
        value = resolve_value(option->fields, value, &below, errs);
        if (value)
            json_object_set_new(map, name, value);
    }
    return map;
}

static json_t *resolve_object(const struct trawl_option *option, const json_t *given,
                              const struct place *place, struct trawl_errlist *errs)
{
    char expected[128] = "an object";
    json_t *object;
    json_t *result;

    if (!json_is_string(given) || !option->shorthand) {
        if (option->shorthand)
            snprintf(expected, sizeof(expected), "an object, or a string for its '%s'",
                     option->shorthand);
        if (!json_is_object(given))
            return wrong_type(errs, place, expected, given);
        return resolve_table(option->fields, given, place, errs);
    }
    object = json_pack("{s:O}", option->shorthand, given);
    result = resolve_table(option->fields, object, place, errs);
    json_decref(object);
    return result;
}

static json_t *resolve_value(const struct trawl_option *option, const json_t *given,
                             const struct place *place, struct trawl_errlist *errs)
{
    if (!option) /* a list or map of anything */
        return json_deep_copy(given);
    switch (option->type) {
    case TRAWL_OPTION_STRING:
        if (!json_is_string(given))
            return wrong_type(errs, place, "a string", given);
        return json_deep_copy(given);
    case TRAWL_OPTION_BOOL:
        return resolve_bool(given, place, errs);
    case TRAWL_OPTION_INT:
        return resolve_int(option, given, place, errs);
    case TRAWL_OPTION_NUMBER:
        return resolve_number(option, given, place, errs);
    case TRAWL_OPTION_DURATION:
        return resolve_duration(option, given, place, errs);
    case TRAWL_OPTION_SIZE:
        return resolve_size(option, given, place, errs);
    case TRAWL_OPTION_ENUM:
        return resolve_enum(option, given, place, errs);
    case TRAWL_OPTION_LIST:
        return resolve_list(option, given, place, errs);
    case TRAWL_OPTION_OBJECT:
        return resolve_object(option, given, place, errs);
    case TRAWL_OPTION_MAP:
        return resolve_map(option, given, place, errs);
    case TRAWL_OPTION_ANY:
    case TRAWL_OPTION_END:
        break;
    }
    return json_deep_copy(given);
}

static void complain_unknown(const struct trawl_option *table, const char *name,
                             const struct place *place, struct trawl_errlist *errs)
{
    struct place below = {.above = place, .name = name};
    const char *names[NAMES_MAX];
    struct trawl_buf known;
    char hint[128];
    size_t count = 0;

    trawl_buf_init(&known, 512);
    for (; table[count].type != TRAWL_OPTION_END && count < NAMES_MAX; count++) {
        names[count] = table[count].name;
        (void)trawl_buf_printf(&known, "%s%s", count > 0 ? ", " : "", names[count]);
    }
    did_you_mean(hint, sizeof(hint), name, names, count);
    if (count == 0)
        mistake(errs, &below, "unknown key; none is known here");
    else if (hint[0])
        mistake(errs, &below, "unknown key%s", hint);
    else
        mistake(errs, &below, "unknown key; known are %s", trawl_buf_text(&known));
    trawl_buf_finish(&known);
    errs->passed_over++;
}

static void refuse_unknown(const struct trawl_option *table, const json_t *given,
                           const struct place *place, struct trawl_errlist *errs)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)given, name, value) {
        const struct trawl_option *option = table;

        while (option->type != TRAWL_OPTION_END && strcmp(option->name, name) != 0)
            option++;
        if (option->type == TRAWL_OPTION_END && !trawl__option_is_comment(name))
            complain_unknown(table, name, place, errs);
    }
}

static json_t *resolve_default(const struct trawl_option *option, const struct place *place,
                               struct trawl_errlist *errs)
{
    const char *text = option->default_json;
    struct trawl_err err = {0};
    json_t *value = NULL;
    json_t *result;

    if (trawl_json_parse(text, strlen(text), &value, &err) < 0)
        return mistake(errs, place, "its built-in default '%s' is no JSON: %s", text, err.message);
    result = resolve_value(option, value, place, errs);
    json_decref(value);
    return result;
}

static json_t *resolve_table(const struct trawl_option *table, const json_t *given,
                             const struct place *place, struct trawl_errlist *errs)
{
    json_t *result = json_object();

    refuse_unknown(table, given, place, errs);
    for (const struct trawl_option *option = table; option->type != TRAWL_OPTION_END; option++) {
        struct place below = {.above = place, .name = option->name};
        const json_t *written = json_object_get(given, option->name);
        json_t *value = NULL;

        if (written && (!json_is_null(written) || option->type == TRAWL_OPTION_ANY))
            value = resolve_value(option, written, &below, errs);
        else if (option->default_json)
            value = resolve_default(option, &below, errs);
        else if (option->required)
            mistake(errs, &below, "is missing%s%s", option->help ? ": " : "",
                    option->help ? option->help : "");
        if (value)
            json_object_set_new(result, option->name, value);
    }
    return result;
}

json_t *trawl_options_resolve(const struct trawl_option *table, const json_t *given,
                              const char *path, struct trawl_errlist *errs)
{
    static const struct trawl_option none[] = {{.type = TRAWL_OPTION_END}};
    struct place place = {.name = path};
    const struct place *root = path && *path ? &place : NULL;
    json_t *empty = given ? NULL : json_object();
    json_t *result;

    if (!given || json_is_object(given)) {
        result = resolve_table(table ? table : none, given ? given : empty, root, errs);
    } else {
        wrong_type(errs, root, "an object", given);
        result = json_object();
    }
    json_decref(empty);
    return result;
}
