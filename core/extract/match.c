#include "extract/match.h"

#include <string.h>
#include <strings.h>

static bool equal(const char *a, const char *b, size_t len, bool ignore_case)
{
    return (ignore_case ? strncasecmp(a, b, len) : memcmp(a, b, len)) == 0;
}

static bool has_word(const char *text, const char *word, bool ignore_case)
{
    static const char space[] = " \t\r\n\f";
    size_t len = strlen(word);

    if (len == 0)
        return false;
    for (;;) {
        size_t found;
        text += strspn(text, space);
        if (!*text)
            return false;
        found = strcspn(text, space);
        if (found == len && equal(text, word, len, ignore_case))
            return true;
        text += found;
    }
}

bool trawl__match_attribute(const char *text, char op, const char *value, bool ignore_case)
{
    size_t text_len = strlen(text);
    size_t len = strlen(value);

    switch (op) {
    case '=':
        return text_len == len && equal(text, value, len, ignore_case);
    case '~':
        return has_word(text, value, ignore_case);
    case '|':
        return text_len >= len && equal(text, value, len, ignore_case) &&
               (text[len] == '\0' || text[len] == '-');
    case '^':
        return len > 0 && text_len >= len && equal(text, value, len, ignore_case);
    case '$':
        return len > 0 && text_len >= len && equal(text + text_len - len, value, len, ignore_case);
    case '*':
        return len > 0 && (ignore_case ? strcasestr(text, value) : strstr(text, value));
    default:
        return false;
    }
}

bool trawl__match_nth(long place, long step, long offset)
{
    long ahead = place - offset;

    return step == 0 ? ahead == 0 : ahead % step == 0 && ahead / step >= 0;
}
