/* The table of extraction rules: what `follow`, `rows`, `fields` and `key` may hold. A plugin that passes its options on
 * to plan_compile() puts TRAWL_RULES_OPTIONS into its own table:
 *
 *     static const struct trawl_option options[] = {
 *         {.name = "start", …},
 *         TRAWL_RULES_OPTIONS,
 *         {.type = TRAWL_OPTION_END},
 *     };
 *
 * What each rule means is told in docs/extraction.md.
 */
#ifndef TRAWL_RULES_H
#define TRAWL_RULES_H

#include "trawl/option.h"

#define TRAWL_RULES_STATIC __attribute__((unused)) static const struct trawl_option

TRAWL_RULES_STATIC trawl_rules_pattern[] = {
    {.type = TRAWL_OPTION_STRING, .help = "a regular expression, found anywhere in the URL"},
};

TRAWL_RULES_STATIC trawl_rules_follow_members[] = {
    {.name = "select",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "CSS selector or XPath of the elements that hold the links"},
    {.name = "attr",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"href\"",
     .help = "the attribute that holds the URL"},
    {.name = "allow",
     .type = TRAWL_OPTION_LIST,
     .fields = trawl_rules_pattern,
     .default_json = "[]",
     .help = "follow only URLs that match one of these regular expressions"},
    {.name = "deny",
     .type = TRAWL_OPTION_LIST,
     .fields = trawl_rules_pattern,
     .default_json = "[]",
     .help = "never follow URLs that match one of these regular expressions"},
    {.name = "same",
     .type = TRAWL_OPTION_ENUM,
     .choices = "host|domain|any",
     .default_json = "\"host\"",
     .help = "stay on the page's host, on its registrable domain, or go anywhere"},
    {.name = "depth",
     .type = TRAWL_OPTION_INT,
     .min = 1,
     .max = 10000,
     .help =
         "follow from pages less deep than this (start pages have depth 0); no limit by default"},
    {.type = TRAWL_OPTION_END},
};

TRAWL_RULES_STATIC trawl_rules_follow[] = {
    {.type = TRAWL_OPTION_OBJECT,
     .fields = trawl_rules_follow_members,
     .shorthand = "select",
     .help = "a rule for links to follow"},
};

TRAWL_RULES_STATIC trawl_rules_field_members[] = {
    {.name = "select",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "CSS selector or XPath, within the row if there are rows, else within the page"},
    {.name = "get",
     .type = TRAWL_OPTION_ENUM,
     .choices = "text|html|attr",
     .help = "what is taken of the match: its text (the default), its HTML, or an attribute"},
    {.name = "attr",
     .type = TRAWL_OPTION_STRING,
     .help = "name of the attribute that is taken; implies get: attr"},
    {.name = "all",
     .type = TRAWL_OPTION_BOOL,
     .default_json = "false",
     .help = "a list of all matches instead of the first"},
    {.name = "url",
     .type = TRAWL_OPTION_BOOL,
     .default_json = "false",
     .help = "the value is a URL: make it absolute"},
    {.name = "jq",
     .type = TRAWL_OPTION_STRING,
     .help = "jq program whose first output, given the value, is the field"},
    {.type = TRAWL_OPTION_END},
};

TRAWL_RULES_STATIC trawl_rules_field[] = {
    {.type = TRAWL_OPTION_OBJECT,
     .fields = trawl_rules_field_members,
     .shorthand = "select",
     .help = "where a field's value comes from"},
};

TRAWL_RULES_STATIC trawl_rules_key[] = {
    {.type = TRAWL_OPTION_STRING, .help = "name of a field"},
};

#define TRAWL_RULES_OPTIONS                                                                        \
    {.name = "follow",                                                                             \
     .type = TRAWL_OPTION_LIST,                                                                    \
     .fields = trawl_rules_follow,                                                                 \
     .default_json = "[]",                                                                         \
     .help = "links to follow from every page"},                                                   \
        {.name = "rows",                                                                           \
         .type = TRAWL_OPTION_STRING,                                                              \
         .help = "CSS selector or XPath of the elements that are an item each; without it the "    \
                 "page is the item"},                                                              \
        {.name = "fields",                                                                         \
         .type = TRAWL_OPTION_MAP,                                                                 \
         .fields = trawl_rules_field,                                                              \
         .default_json = "{}",                                                                     \
         .help = "the item's fields by name"},                                                     \
    {                                                                                              \
        .name = "key", .type = TRAWL_OPTION_LIST, .fields = trawl_rules_key, .default_json = "[]", \
        .help = "fields that tell items apart; needed with rows, the page's URL without"           \
    }

#endif
