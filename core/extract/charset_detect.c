/* Which encoding a page is in: WHATWG HTML, 13.2.3.2 "determining the character encoding". */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "extract/charset.h"
#include "extract/charset_labels.h"
#include "extract/utf8.h"

/* The standard looks for <meta> in this many bytes. */
#define PRESCAN_BYTES 1024

struct scan {
    const char *at;
    const char *end;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
}

static bool starts_with(const struct scan *scan, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(scan->end - scan->at) >= len && strncasecmp(scan->at, text, len) == 0;
}

static const char *from_mark(const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        return "utf-8";
    if (len >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0)
        return "utf-16be";
    if (len >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
        return "utf-16le";
    return NULL;
}

/* "charset = value" anywhere in `text`, quoted or not: the value's encoding. */
static const char *from_charset_parameter(const char *text, size_t len)
{
    struct scan scan = {text, text + len};

    for (; scan.at < scan.end; scan.at++) {
        const char *value;
        char quote = '\0';
        if (!starts_with(&scan, "charset"))
            continue;
        scan.at += strlen("charset");
        skip_space(&scan);
        if (scan.at == scan.end || *scan.at != '=') {
            scan.at--;
            continue;
        }
        scan.at++;
        skip_space(&scan);
        if (scan.at < scan.end && (*scan.at == '"' || *scan.at == '\''))
            quote = *scan.at++;
        value = scan.at;
        while (scan.at < scan.end &&
               (quote ? *scan.at != quote : *scan.at != ';' && !is_space(*scan.at)))
            scan.at++;
        return trawl__charset_by_label(value, (size_t)(scan.at - value));
    }
    return NULL;
}

struct attribute {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

/* The next attribute of a tag; false at its end. */
static bool next_attribute(struct scan *scan, struct attribute *ret)
{
    while (scan->at < scan->end && (is_space(*scan->at) || *scan->at == '/'))
        scan->at++;
    if (scan->at == scan->end || *scan->at == '>')
        return false;
    ret->name = scan->at++;
    while (scan->at < scan->end && !is_space(*scan->at) && !strchr("=/>", *scan->at))
        scan->at++;
    ret->name_len = (size_t)(scan->at - ret->name);
    ret->value = scan->at;
    ret->value_len = 0;
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != '=')
        return true;
    scan->at++;
    skip_space(scan);
    if (scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'')) {
        char quote = *scan->at++;
        ret->value = scan->at;
        while (scan->at < scan->end && *scan->at != quote)
            scan->at++;
        ret->value_len = (size_t)(scan->at - ret->value);
        if (scan->at < scan->end)
            scan->at++;
        return true;
    }
    ret->value = scan->at;
    while (scan->at < scan->end && !is_space(*scan->at) && *scan->at != '>')
        scan->at++;
    ret->value_len = (size_t)(scan->at - ret->value);
    return true;
}

static bool named(const struct attribute *attribute, const char *name)
{
    return attribute->name_len == strlen(name) &&
           strncasecmp(attribute->name, name, attribute->name_len) == 0;
}

/* What one <meta …> says. */
static const char *from_meta_tag(struct scan *scan)
{
    const char *charset = NULL;
    const char *content = NULL;
    bool is_pragma = false;
    struct attribute attribute;

    while (next_attribute(scan, &attribute)) {
        if (named(&attribute, "charset") && !charset)
            charset = trawl__charset_by_label(attribute.value, attribute.value_len);
        else if (named(&attribute, "content") && !content)
            content = from_charset_parameter(attribute.value, attribute.value_len);
        else if (named(&attribute, "http-equiv"))
            is_pragma = attribute.value_len == strlen("content-type") &&
                        strncasecmp(attribute.value, "content-type", attribute.value_len) == 0;
    }
    if (!charset && is_pragma)
        charset = content;
    /* Whoever could read these bytes as ASCII is not looking at UTF-16. */
    if (charset && strncmp(charset, "utf-16", 6) == 0)
        return "utf-8";
    if (charset && strcmp(charset, "x-user-defined") == 0)
        return "windows-1252";
    return charset;
}

static void skip_comment(struct scan *scan)
{
    scan->at += 2; /* "<!-->" is a whole comment */
    while (scan->at < scan->end && !starts_with(scan, "-->"))
        scan->at++;
}

static void skip_tag(struct scan *scan)
{
    struct attribute attribute;

    while (scan->at < scan->end && !is_space(*scan->at) && *scan->at != '>')
        scan->at++;
    while (next_attribute(scan, &attribute))
        ;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *from_meta(const char *bytes, size_t len)
{
    struct scan scan = {bytes, bytes + (len < PRESCAN_BYTES ? len : PRESCAN_BYTES)};

    for (; scan.at < scan.end; scan.at++) {
        if (*scan.at != '<')
            continue;
        if (starts_with(&scan, "<!--")) {
            skip_comment(&scan);
        } else if (starts_with(&scan, "<meta") && scan.end - scan.at > 5 &&
                   (is_space(scan.at[5]) || scan.at[5] == '/')) {
            const char *found;
            scan.at += 5;
            found = from_meta_tag(&scan);
            if (found)
                return found;
        } else if (scan.end - scan.at > 2 &&
                   (is_letter(scan.at[1]) || (scan.at[1] == '/' && is_letter(scan.at[2])))) {
            skip_tag(&scan);
        } else if (scan.end - scan.at > 1 && strchr("!/?", scan.at[1])) {
            while (scan.at < scan.end && *scan.at != '>')
                scan.at++;
        }
    }
    return NULL;
}

/* <?xml version="1.0" encoding="windows-1251"?> counts in a page that says nothing better. */
static const char *from_xml_declaration(const char *bytes, size_t len)
{
    struct scan scan = {bytes, bytes + (len < PRESCAN_BYTES ? len : PRESCAN_BYTES)};
    const char *end;

    if (!starts_with(&scan, "<?xml"))
        return NULL;
    end = memchr(scan.at, '>', (size_t)(scan.end - scan.at));
    if (!end)
        return NULL;
    for (scan.end = end; scan.at < scan.end; scan.at++) {
        struct attribute attribute;
        const char *found;
        if (!starts_with(&scan, "encoding"))
            continue;
        if (!next_attribute(&scan, &attribute) || !named(&attribute, "encoding"))
            return NULL;
        found = trawl__charset_by_label(attribute.value, attribute.value_len);
        return found && strncmp(found, "utf-16", 6) == 0 ? "utf-8" : found;
    }
    return NULL;
}

const char *trawl_charset_detect(const char *bytes, size_t len, const char *content_type)
{
    const char *found = from_mark(bytes, len);

    if (!found && content_type)
        found = from_charset_parameter(content_type, strlen(content_type));
    if (!found)
        found = from_meta(bytes, len);
    if (!found)
        found = from_xml_declaration(bytes, len);
    if (!found)
        found = trawl__utf8_valid(bytes, len) ? "utf-8" : "windows-1252";
    return found;
}
