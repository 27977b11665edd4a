/* Parsing robots.txt (RFC 9309 section 2.2). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/url.h"
#include "worker/robots.h"
#include "worker/robots_priv.h"

/* More than there can be: the shortest rule, "allow:/" and its line end, has 8 bytes. */
#define RULES_MAX (TRAWL_ROBOTS_MAX / 7)

struct span {
    const char *at;
    size_t len;
};

/* All groups of the file that speak to the same crawler count as one. */
struct group {
    uint32_t delay_ms;
    struct trawl_buf rules;
};

struct parser {
    struct trawl_robots *robots;
    struct span token; /* the crawler's name */
    struct group own;
    struct group any;
    bool named;  /* somewhere a line has the crawler's name, so `any` does not count */
    bool to_own; /* the lines that follow speak to the crawler by its name, */
    bool to_any; /* to every crawler */
    bool begun;  /* the group has rules, so the next user-agent line begins another */
    unsigned line;
};

enum key {
    KEY_USER_AGENT,
    KEY_ALLOW,
    KEY_DISALLOW,
    KEY_CRAWL_DELAY,
    KEY_SITEMAP,
    KEY_UNKNOWN,
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_token_char(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
}

static struct span trim(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    return (struct span){at, (size_t)(end - at)};
}

/* The product token that `text` begins with, maybe empty. */
static struct span token_of(const char *text, const char *end)
{
    const char *at = text;

    while (at < end && is_token_char(*at))
        at++;
    return (struct span){text, (size_t)(at - text)};
}

/* Crawlers that pose as browsers give their name behind "compatible", as in the example of RFC 9309 section 2.2.1. */
static struct span own_token(const char *user_agent)
{
    static const char compatible[] = "(compatible; ";
    const char *name = strstr(user_agent, compatible);

    if (name && strncasecmp(user_agent, "Mozilla/", 8) == 0)
        user_agent = name + strlen(compatible);
    return token_of(user_agent, user_agent + strlen(user_agent));
}

/* --- a line ------------------------------------------------------------------------------------------ */

/* A key may go on behind these letters, and has the misspellings that Google's parser takes. */
static enum key key_of(struct span key)
{
    static const struct {
        const char *name;
        enum key key;
    } names[] = {
        {"user-agent", KEY_USER_AGENT},   {"useragent", KEY_USER_AGENT},
        {"user agent", KEY_USER_AGENT},   {"allow", KEY_ALLOW},
        {"disallow", KEY_DISALLOW},       {"dissallow", KEY_DISALLOW},
        {"dissalow", KEY_DISALLOW},       {"disalow", KEY_DISALLOW},
        {"diasllow", KEY_DISALLOW},       {"disallaw", KEY_DISALLOW},
        {"crawl-delay", KEY_CRAWL_DELAY}, {"crawldelay", KEY_CRAWL_DELAY},
        {"crawl delay", KEY_CRAWL_DELAY}, {"sitemap", KEY_SITEMAP},
        {"site-map", KEY_SITEMAP},
    };

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++) {
        size_t len = strlen(names[i].name);
        if (key.len >= len && strncasecmp(key.at, names[i].name, len) == 0)
            return names[i].key;
    }
    return KEY_UNKNOWN;
}

static const char *find_blank(const char *at, const char *end)
{
    while (at < end && *at != ' ' && *at != '\t')
        at++;
    return at < end ? at : NULL;
}

/* "key: value", or "key value" when these two words are all: people forget the colon. */
static enum key split_line(const char *at, const char *end, struct span *ret_value)
{
    const char *comment = memchr(at, '#', (size_t)(end - at));
    struct span line = trim(at, comment ? comment : end);
    const char *line_end = line.at + line.len;
    const char *separator = memchr(line.at, ':', line.len);

    if (separator) {
        *ret_value = trim(separator + 1, line_end);
    } else {
        separator = find_blank(line.at, line_end);
        if (!separator)
            return KEY_UNKNOWN;
        *ret_value = trim(separator, line_end);
        if (find_blank(ret_value->at, line_end))
            return KEY_UNKNOWN;
    }
    return key_of(trim(line.at, separator));
}

/* --- what the lines mean ----------------------------------------------------------------------------- */

static void parse_user_agent(struct parser *parser, struct span value)
{
    struct span name = token_of(value.at, value.at + value.len);

    if (parser->begun)
        parser->begun = parser->to_own = parser->to_any = false;
    if (value.len > 0 && value.at[0] == '*' && (value.len == 1 || is_blank(value.at[1])))
        parser->to_any = true;
    else if (name.len > 0 && name.len == parser->token.len &&
             strncasecmp(name.at, parser->token.at, name.len) == 0)
        parser->to_own = parser->named = true;
}

/* The group that the lines now belong to, or NULL if they are for others. */
static struct group *current_group(struct parser *parser)
{
    if (parser->to_own)
        return &parser->own;
    return parser->to_any ? &parser->any : NULL;
}

static int parse_rule(struct parser *parser, struct span value, bool allow)
{
    struct group *group = current_group(parser);
    struct trawl_buf *texts = &parser->robots->texts;
    struct trawl__robots_rule rule = {.text = texts->len, .line = parser->line, .allow = allow};
    char *room;
    int r;

    parser->begun = true;
    if (!group || value.len == 0)
        return 0;
    r = trawl_buf_append_text(texts, allow ? TRAWL_ROBOTS_ALLOW : TRAWL_ROBOTS_DISALLOW);
    if (r < 0)
        return r;
    r = trawl_buf_reserve(texts, TRAWL_ROBOTS_GROWTH * value.len + 1, &room);
    if (r < 0)
        return r;
    rule.pattern_len = trawl__robots_pattern(room, value.at, value.len);
    room[rule.pattern_len] = '\0';
    trawl_buf_grew(texts, rule.pattern_len + 1);
    return trawl_buf_append(&group->rules, &rule, sizeof(rule));
}

/* Seconds, perhaps with a fraction, as milliseconds up to the limit; false if it is no such number. */
static bool parse_seconds(struct span value, uint32_t *ret_ms)
{
    const char *end = value.at + value.len;
    const char *at = value.at;
    const char *point = memchr(value.at, '.', value.len);
    uint64_t ms = 0;
    uint64_t unit = 1000;

    if (value.len == (point ? 1 : 0))
        return false;
    for (; at < end; at++) {
        if (at == point)
            continue;
        if (*at < '0' || *at > '9')
            return false;
        if (point && at > point)
            ms += (unit /= 10) * (uint64_t)(*at - '0');
        else if (ms <= TRAWL_ROBOTS_DELAY_MAX_MS)
            ms = ms * 10 + (uint64_t)(*at - '0') * 1000;
    }
    *ret_ms = ms < TRAWL_ROBOTS_DELAY_MAX_MS ? (uint32_t)ms : TRAWL_ROBOTS_DELAY_MAX_MS;
    return true;
}

static void parse_delay(struct parser *parser, struct span value)
{
    struct group *group = current_group(parser);
    uint32_t delay_ms = 0;

    parser->begun = true;
    if (group && parse_seconds(value, &delay_ms) && delay_ms > group->delay_ms)
        group->delay_ms = delay_ms;
}

static void parse_sitemap(struct trawl_robots *robots, struct span value)
{
    char *url = NULL;

    if (robots->sitemap_count == TRAWL_ROBOTS_SITEMAPS_MAX ||
        trawl_url_resolve(NULL, value.at, value.len, &url) < 0)
        return;
    robots->sitemaps =
        trawl_xrealloc(robots->sitemaps, (robots->sitemap_count + 1) * sizeof(*robots->sitemaps));
    robots->sitemaps[robots->sitemap_count++] = url;
}

static int parse_line(struct parser *parser, const char *at, const char *end)
{
    struct span value = {0};

    switch (split_line(at, end, &value)) {
    case KEY_USER_AGENT:
        parse_user_agent(parser, value);
        return 0;
    case KEY_ALLOW:
        return parse_rule(parser, value, true);
    case KEY_DISALLOW:
        return parse_rule(parser, value, false);
    case KEY_CRAWL_DELAY:
        parse_delay(parser, value);
        return 0;
    case KEY_SITEMAP:
        parse_sitemap(parser->robots, value);
        return 0;
    case KEY_UNKNOWN:
        return 0;
    }
    return 0;
}

/* --- the file ---------------------------------------------------------------------------------------- */

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* How much is parsed: whole lines, as half a rule would be another rule. */
static size_t parsed_length(const char *bytes, size_t len)
{
    if (len <= TRAWL_ROBOTS_MAX)
        return len;
    len = TRAWL_ROBOTS_MAX;
    while (len > 0 && !is_line_end(bytes[len - 1]))
        len--;
    return len;
}

/* A byte order mark, or what somebody left of it. */
static const char *skip_mark(const char *at, const char *end)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};

    for (size_t i = 0; i < sizeof(mark) && at < end && *at == mark[i]; i++)
        at++;
    return at;
}

static int parse_lines(struct parser *parser, const char *at, const char *end)
{
    at = skip_mark(at, end);
    while (at < end) {
        const char *stop = at;
        int r;

        while (stop < end && !is_line_end(*stop))
            stop++;
        parser->line++;
        r = parse_line(parser, at, stop);
        if (r < 0)
            return r;
        at = stop + (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    return 0;
}

/* The rule that decides comes first: the longest, of equal ones an "allow", of those the first of the file. */
static int compare_rules(const void *a, const void *b)
{
    const struct trawl__robots_rule *left = a;
    const struct trawl__robots_rule *right = b;

    if (left->pattern_len != right->pattern_len)
        return left->pattern_len > right->pattern_len ? -1 : 1;
    if (left->allow != right->allow)
        return left->allow ? -1 : 1;
    return left->line < right->line ? -1 : 1;
}

static void take_group(struct trawl_robots *robots, struct group *group)
{
    robots->delay_ms = group->delay_ms;
    robots->rules = group->rules;
    trawl_buf_init(&group->rules, 0);
    if (robots->rules.len > 0)
        qsort(robots->rules.data, robots->rules.len / sizeof(struct trawl__robots_rule),
              sizeof(struct trawl__robots_rule), compare_rules);
}

int trawl_robots_parse(const char *bytes, size_t len, const char *user_agent,
                       struct trawl_robots **ret_robots)
{
    struct trawl_robots *robots = TRAWL_NEW(struct trawl_robots);
    struct parser parser = {.robots = robots, .token = own_token(user_agent)};
    int r;

    if (len == 0)
        bytes = ""; /* an empty buffer points nowhere */
    len = parsed_length(bytes, len);
    robots->hash = trawl_hash_bytes(bytes, len);
    /* The text of a rule is its line with a value that grew, so it cannot be longer than a line that grew as a whole. */
    trawl_buf_init(&robots->texts, (size_t)TRAWL_ROBOTS_GROWTH * (TRAWL_ROBOTS_MAX + 1));
    trawl_buf_init(&parser.own.rules, RULES_MAX * sizeof(struct trawl__robots_rule));
    trawl_buf_init(&parser.any.rules, RULES_MAX * sizeof(struct trawl__robots_rule));
    r = parse_lines(&parser, bytes, bytes + len);
    if (r == 0)
        take_group(robots, parser.named ? &parser.own : &parser.any);
    trawl_buf_finish(&parser.own.rules);
    trawl_buf_finish(&parser.any.rules);
    if (r < 0) {
        trawl_robots_free(robots);
        return r;
    }
    *ret_robots = robots;
    return 0;
}
