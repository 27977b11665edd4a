/* An option table as text for a terminal. */
#include <string.h>

#include "config/options.h"
#include "config/options_priv.h"

static int describe_table(const struct trawl_option *table, struct trawl_buf *buf, unsigned depth);

/* "list of string", "one of text|html", "object". */
static int describe_type(const struct trawl_option *option, struct trawl_buf *buf)
{
    const char *type = trawl__option_type_name(option->type);
    int r;

    if (option->type == TRAWL_OPTION_INT && option->choices)
        return trawl_buf_printf(buf, "%s or %s", type, option->choices);
    if (option->type == TRAWL_OPTION_ENUM)
        return trawl_buf_printf(buf, "one of %s", option->choices);
    if ((option->type != TRAWL_OPTION_LIST && option->type != TRAWL_OPTION_MAP) || !option->fields)
        return trawl_buf_append_text(buf, type);
    r = trawl_buf_printf(buf, "%s of ", type);
    return r < 0 ? r : describe_type(option->fields, buf);
}

static int describe_facts(const struct trawl_option *option, struct trawl_buf *buf)
{
    char min[40];
    char max[40];
    int r = 0;

    if (trawl__option_has_range(option)) {
        trawl__option_amount(min, sizeof(min), option, option->min);
        trawl__option_amount(max, sizeof(max), option, option->max);
        r = trawl_buf_printf(buf, ", %s to %s", min, max);
    }
    if (r == 0 && option->default_json)
        r = trawl_buf_printf(buf, ", default %s", option->default_json);
    else if (r == 0 && option->required)
        r = trawl_buf_append_text(buf, ", required");
    return r;
}

/* The table below an option, its own or its elements'. */
static const struct trawl_option *fields_below(const struct trawl_option *option)
{
    while (option && (option->type == TRAWL_OPTION_LIST || option->type == TRAWL_OPTION_MAP))
        option = option->fields;
    return option && option->type == TRAWL_OPTION_OBJECT ? option->fields : NULL;
}

static int describe_option(const struct trawl_option *option, struct trawl_buf *buf, unsigned depth)
{
    int indent = (int)depth * 4;
    int r = trawl_buf_printf(buf, "%*s%s  (", indent, "", option->name);

    if (r == 0)
        r = describe_type(option, buf);
    if (r == 0)
        r = describe_facts(option, buf);
    if (r == 0)
        r = trawl_buf_append_text(buf, ")\n");
    if (r == 0 && option->help)
        r = trawl_buf_printf(buf, "%*s%s\n", indent + 4, "", option->help);
    if (r == 0 && fields_below(option))
        r = describe_table(fields_below(option), buf, depth + 1);
    return r;
}

static int describe_table(const struct trawl_option *table, struct trawl_buf *buf, unsigned depth)
{
    int r = 0;

    if (depth > TRAWL_OPTION_DEPTH_MAX)
        return 0;
    for (; table && table->type != TRAWL_OPTION_END && r == 0; table++)
        r = describe_option(table, buf, depth);
    return r;
}

int trawl_options_describe(const struct trawl_option *table, struct trawl_buf *buf)
{
    return describe_table(table, buf, 0);
}
