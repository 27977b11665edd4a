/* Tokens of a selector (CSS Syntax, level 3, section 4, as far as selectors need it). */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "extract/css_priv.h"
#include "extract/utf8.h"
#include "util/alloc.h"
#include "util/escape.h"

struct css_block {
    struct css_block *next;
    max_align_t bytes[];
};

void *trawl__css_alloc(struct css_pool *pool, size_t bytes)
{
    struct css_block *block = trawl_xalloc(sizeof(*block) + bytes);

    block->next = pool->blocks;
    pool->blocks = block;
    return block->bytes;
}

void trawl__css_pool_finish(struct css_pool *pool)
{
    while (pool->blocks) {
        struct css_block *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
}

/* Offsets are bytes, but people count characters. */
static size_t character_at(const char *text, size_t at)
{
    size_t count = 1;

    for (size_t i = 0; i < at && text[i]; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            count++;
    return count;
}

int trawl__css_error(const struct css_lexer *lexer, size_t at, const char *format, ...)
{
    char what[512];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return trawl_err_set(lexer->err, -EINVAL, "", "character %zu of the selector '%.200s%s': %s",
                         character_at(lexer->text, at), lexer->text,
                         strlen(lexer->text) > 200 ? "…" : "", what);
}

static bool is_space(char c)
{
    return c && strchr(" \t\r\n\f", c);
}

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return is_name_start(c) || isdigit((unsigned char)c) || c == '-';
}

static bool is_escape(const char *at)
{
    return at[0] == '\\' && at[1] && at[1] != '\n' && at[1] != '\r' && at[1] != '\f';
}

static bool starts_ident(const char *at)
{
    if (*at == '-')
        return is_name_start(at[1]) || at[1] == '-' || is_escape(at + 1);
    return is_name_start(*at) || is_escape(at);
}

/* May this stand in a page (XML 1.0, production 2)? XPath takes nothing else. */
static bool is_text(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) ||
           (code >= 0x10000 && code <= 0x10ffff);
}

/* The character that an escape stands for, written to `room`; the lexer is behind it afterwards. */
static size_t take_escape(struct css_lexer *lexer, char *room)
{
    const char *text = lexer->text;
    uint32_t code = 0;
    size_t digits = 0;

    lexer->at++; /* the backslash */
    while (digits < 6 && trawl_hex_digit(text[lexer->at]) >= 0) {
        code = code * 16 + (uint32_t)trawl_hex_digit(text[lexer->at++]);
        digits++;
    }
    if (digits == 0) { /* any other character stands for itself, with all its bytes */
        size_t bad;
        size_t len = trawl__utf8_char(text + lexer->at, strlen(text + lexer->at), &bad);
        len = len ? len : 1;
        memcpy(room, text + lexer->at, len);
        lexer->at += len;
        return len;
    }
    if (text[lexer->at] == '\r' && text[lexer->at + 1] == '\n')
        lexer->at += 2;
    else if (is_space(text[lexer->at]))
        lexer->at++;
    if (!is_text(code))
        code = 0xfffd;
    return trawl__utf8_put(room, code);
}

static char *take_name(struct css_lexer *lexer)
{
    /* An escape of two bytes can become a character of three ("\0": U+FFFD). */
    char *name = trawl__css_alloc(lexer->pool, 2 * strlen(lexer->text + lexer->at) + 4);
    size_t len = 0;

    for (;;) {
        const char *at = lexer->text + lexer->at;
        if (is_name(*at))
            name[len++] = lexer->text[lexer->at++];
        else if (is_escape(at))
            len += take_escape(lexer, name + len);
        else
            break;
    }
    return name;
}

static int take_string(struct css_lexer *lexer, char **ret_text)
{
    size_t start = lexer->at;
    char quote = lexer->text[lexer->at++];
    char *text = trawl__css_alloc(lexer->pool, 2 * strlen(lexer->text + lexer->at) + 4);
    size_t len = 0;

    for (;;) {
        const char *at = lexer->text + lexer->at;
        if (*at == quote) {
            lexer->at++;
            *ret_text = text;
            return 0;
        }
        if (!*at || *at == '\n' || *at == '\r' || *at == '\f')
            return trawl__css_error(lexer, start, "this string is not closed");
        if (at[0] == '\\' && (at[1] == '\n' || at[1] == '\f'))
            lexer->at += 2; /* a string may go on in the next line */
        else if (is_escape(at))
            len += take_escape(lexer, text + len);
        else if (*at == '\\')
            return trawl__css_error(lexer, lexer->at, "nothing follows this backslash");
        else
            text[len++] = lexer->text[lexer->at++];
    }
}

static int skip_blank(struct css_lexer *lexer, bool *ret_space)
{
    *ret_space = false;
    for (;;) {
        const char *at = lexer->text + lexer->at;
        if (is_space(*at)) {
            lexer->at++;
            *ret_space = true;
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (!end)
                return trawl__css_error(lexer, lexer->at, "this comment is not closed");
            lexer->at += (size_t)(end + 2 - at);
        } else {
            return 0;
        }
    }
}

int trawl__css_next(struct css_lexer *lexer, struct css_token *ret_token)
{
    struct css_token token = {.start = lexer->at};
    const char *at;
    bool space;
    int r;

    r = skip_blank(lexer, &space);
    if (r < 0)
        return r;
    at = lexer->text + lexer->at;
    if (space) {
        token.kind = CSS_TOKEN_SPACE;
    } else if (token.start = lexer->at, !*at) {
        token.kind = CSS_TOKEN_END;
    } else if (starts_ident(at)) {
        token.text = take_name(lexer);
        token.kind = lexer->text[lexer->at] == '(' ? CSS_TOKEN_FUNCTION : CSS_TOKEN_IDENT;
        lexer->at += token.kind == CSS_TOKEN_FUNCTION;
    } else if (*at == '#' && (is_name(at[1]) || is_escape(at + 1))) {
        lexer->at++;
        token.kind = CSS_TOKEN_HASH;
        token.text = take_name(lexer);
    } else if (*at == '"' || *at == '\'') {
        token.kind = CSS_TOKEN_STRING;
        r = take_string(lexer, &token.text);
        if (r < 0)
            return r;
    } else {
        token.kind = CSS_TOKEN_DELIM;
        token.delim = *at;
        lexer->at++;
    }
    token.end = lexer->at;
    *ret_token = token;
    return 0;
}
