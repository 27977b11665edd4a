#include "plugin/table.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

/* A table that is longer has lost its TRAWL_OPTION_END; one that is deeper holds itself. */
#define TABLE_ENTRIES_MAX 1000
#define TABLE_DEPTH_MAX   32

/* Where a table hangs, to name the option that is wrong. */
struct level {
    const struct level *above;
    const char *name;
    unsigned depth;
};

static const struct trawl_option *entry_at(const struct trawl_option *table, size_t stride,
                                           size_t index)
{
    return (const struct trawl_option *)(const void *)((const char *)table + index * stride);
}

static void spell(const struct level *level, char *room, size_t size)
{
    size_t len;

    if (!level || !level->above) {
        snprintf(room, size, "%s", level && level->name ? level->name : "");
        return;
    }
    spell(level->above, room, size);
    len = strlen(room);
    snprintf(room + len, size - len, "%s%s", len ? "." : "", level->name ? level->name : "*");
}

static int refuse(const struct level *level, struct trawl_err *err, const char *what)
{
    char path[128];

    spell(level, path, sizeof(path));
    return trawl_err_set(err, -EINVAL, "", "its option '%s' %s", path, what);
}

/* A default is read when a configuration is: say now, to the plugin's author, that it is no JSON. */
static int check_default(const struct trawl_option *option, const struct level *level,
                         struct trawl_err *err)
{
    json_t *value;

    if (!option->default_json)
        return 0;
    value = json_loads(option->default_json, JSON_DECODE_ANY, NULL);
    if (!value)
        return refuse(level, err, "has a default that is not JSON");
    json_decref(value);
    return 0;
}

static int check_entry(const struct trawl_option *option, const struct level *level,
                       struct trawl_err *err)
{
    if (option->type < TRAWL_OPTION_STRING || option->type > TRAWL_OPTION_ANY)
        return refuse(level, err, "has a type that this Trawl does not know");
    if (option->type == TRAWL_OPTION_ENUM && (!option->choices || !*option->choices))
        return refuse(level, err, "is an enum without choices");
    if ((option->type == TRAWL_OPTION_LIST || option->type == TRAWL_OPTION_MAP ||
         option->type == TRAWL_OPTION_OBJECT) &&
        !option->fields)
        return refuse(level, err, "says nothing of what it holds");
    return check_default(option, level, err);
}

static int copy_table(const struct trawl_option *table, size_t stride, size_t count, bool named,
                      const struct level *above, struct trawl_option **ret_copy,
                      struct trawl_err *err);

static size_t count_entries(const struct trawl_option *table, size_t stride)
{
    size_t count = 0;

    while (count < TABLE_ENTRIES_MAX && entry_at(table, stride, count)->type != TRAWL_OPTION_END)
        count++;
    return count;
}

/* The element of a LIST or MAP is one entry without a name and without an end. */
static int copy_fields(struct trawl_option *copy, size_t stride, const struct level *level,
                       struct trawl_err *err)
{
    const struct trawl_option *fields = copy->fields;
    struct trawl_option *fields_copy = NULL;
    bool is_object = copy->type == TRAWL_OPTION_OBJECT;
    int r;

    copy->fields = NULL;
    if (!is_object && copy->type != TRAWL_OPTION_LIST && copy->type != TRAWL_OPTION_MAP)
        return 0;
    r = copy_table(fields, stride, is_object ? count_entries(fields, stride) : 1, is_object, level,
                   &fields_copy, err);
    copy->fields = fields_copy;
    return r;
}

static int copy_entry(const struct trawl_option *entry, size_t stride, bool named,
                      const struct level *above, struct trawl_option *copy, struct trawl_err *err)
{
    struct level level = {.above = above, .depth = above ? above->depth + 1 : 0};
    int r;

    memcpy(copy, entry, stride < sizeof(*copy) ? stride : sizeof(*copy));
    if (named && (!copy->name || !*copy->name)) {
        copy->fields = NULL;
        return refuse(above, err, "holds one without a name");
    }
    level.name = named ? copy->name : NULL;
    r = check_entry(copy, &level, err);
    if (r == 0 && level.depth >= TABLE_DEPTH_MAX)
        r = refuse(&level, err, "is nested too deeply");
    if (r < 0) {
        copy->fields = NULL; /* still the plugin's */
        return r;
    }
    return copy_fields(copy, stride, &level, err);
}

static int copy_table(const struct trawl_option *table, size_t stride, size_t count, bool named,
                      const struct level *above, struct trawl_option **ret_copy,
                      struct trawl_err *err)
{
    struct trawl_option *copy;
    int r = 0;

    if (count >= TABLE_ENTRIES_MAX)
        return trawl_err_set(err, -EINVAL, "", "its option table does not end");
    /* One more, zeroed, which is TRAWL_OPTION_END. */
    copy = trawl_xalloc((count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count && r == 0; i++)
        r = copy_entry(entry_at(table, stride, i), stride, named, above, &copy[i], err);
    if (r < 0) {
        trawl__table_free(copy);
        return r;
    }
    *ret_copy = copy;
    return 0;
}

int trawl__table_copy(const struct trawl_option *table, size_t stride,
                      struct trawl_option **ret_copy, struct trawl_err *err)
{
    static const struct trawl_option none[] = {{.type = TRAWL_OPTION_END}};

    if (!table)
        return copy_table(none, sizeof(none[0]), 0, true, NULL, ret_copy, err);
    if (stride < TRAWL_OPTION_BYTES_MIN || stride % _Alignof(struct trawl_option) != 0)
        return trawl_err_set(err, -EINVAL, "",
                             "its options have %zu bytes each, those of ABI 1.0 have %zu", stride,
                             TRAWL_OPTION_BYTES_MIN);
    return copy_table(table, stride, count_entries(table, stride), true, NULL, ret_copy, err);
}

void trawl__table_free(struct trawl_option *table)
{
    if (!table)
        return;
    for (size_t i = 0; table[i].type != TRAWL_OPTION_END; i++)
        trawl__table_free((struct trawl_option *)(uintptr_t)table[i].fields);
    free(table);
}
