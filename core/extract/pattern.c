#include "extract/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "util/alloc.h"

/* Steps of one match: a URL has 8 KB at most, and a pattern that needs more than this explodes on it. */
#define MATCH_STEPS_MAX 1000000

struct trawl_patterns {
    pcre2_match_context *limits;
    pcre2_match_data *data;
    size_t count;
    pcre2_code *codes[];
};

static int compile_one(const json_t *pattern, pcre2_code **ret_code, struct trawl_err *err)
{
    const char *text = json_string_value(pattern);
    PCRE2_SIZE offset;
    int code;

    if (!text)
        return trawl_err_set(err, -EINVAL, "", "a regular expression must be a string");
    *ret_code =
        pcre2_compile((PCRE2_SPTR)text, json_string_length(pattern), 0, &code, &offset, NULL);
    if (!*ret_code) {
        char message[200];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
        return trawl_err_set(err, -EINVAL, "", "character %zu of the regular expression '%s': %s",
                             offset + 1, text, message);
    }
    pcre2_jit_compile(*ret_code, PCRE2_JIT_COMPLETE); /* without it, it is slower, no more */
    return 0;
}

int trawl_patterns_compile(const json_t *list, struct trawl_patterns **ret_patterns,
                           struct trawl_err *err)
{
    size_t count = json_is_array(list) ? json_array_size(list) : list != NULL;
    struct trawl_patterns *patterns =
        trawl_xalloc(sizeof(*patterns) + count * sizeof(patterns->codes[0]));

    patterns->limits = pcre2_match_context_create(NULL);
    patterns->data = pcre2_match_data_create(1, NULL);
    if (!patterns->limits || !patterns->data) {
        trawl_patterns_free(patterns);
        return trawl_err_set(err, -ENOMEM, "", "no memory for a regular expression");
    }
    pcre2_set_match_limit(patterns->limits, MATCH_STEPS_MAX);
    for (size_t i = 0; i < count; i++) {
        int r = compile_one(json_is_array(list) ? json_array_get(list, i) : list,
                            &patterns->codes[i], err);
        if (r < 0) {
            trawl_patterns_free(patterns);
            return r;
        }
        patterns->count++;
    }
    *ret_patterns = patterns;
    return 0;
}

void trawl_patterns_free(struct trawl_patterns *patterns)
{
    if (!patterns)
        return;
    for (size_t i = 0; i < patterns->count; i++)
        pcre2_code_free(patterns->codes[i]);
    pcre2_match_data_free(patterns->data);
    pcre2_match_context_free(patterns->limits);
    free(patterns);
}

bool trawl_patterns_empty(const struct trawl_patterns *patterns)
{
    return patterns->count == 0;
}

bool trawl_patterns_match(const struct trawl_patterns *patterns, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < patterns->count; i++)
        if (pcre2_match(patterns->codes[i], (PCRE2_SPTR)text, len, 0, 0, patterns->data,
                        patterns->limits) >= 0)
            return true;
    return false;
}
