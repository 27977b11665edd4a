/* Sitemaps in XML, by libxml2's parser with handlers that build no tree. */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <string.h>

#include "extract/arena.h"
#include "extract/sitemap_priv.h"
#include "util/buf.h"
#include "util/log.h"

/* Elements that are open where another begins: in the root stand the entries, in an entry its URL. */
#define OPEN_AT_ROOT  0
#define OPEN_AT_ENTRY 1
#define OPEN_AT_LOC   2

/* A URL with some white space around it. */
#define LOC_MAX ((size_t)2 * TRAWL_URL_MAX)

struct reader {
    struct sitemap_reading *reading;
    xmlParserCtxtPtr ctxt;
    unsigned lines_before; /* the text */
    struct trawl_url_base base;
    enum sitemap_kind kind;
    const char *entry_name; /* "url" or "sitemap"; NULL before the root */
    const xmlChar *space;   /* the root's namespace, or NULL */
    const xmlChar *prefix;  /* and what stands before its name, or NULL */
    bool in_entry;
    bool in_loc;
    bool has_loc;
    bool damaged; /* the entry, in some way */
    struct trawl_buf loc;
    int code; /* why the parser was stopped */
};

static unsigned line_of(const struct reader *reader)
{
    return reader->lines_before + (unsigned)reader->ctxt->input->line;
}

static void stop(struct reader *reader, int code)
{
    reader->code = code;
    xmlStopParser(reader->ctxt);
}

static int no_memory(const struct sitemap_reading *reading)
{
    return trawl_err_set(reading->err, -ENOMEM, "", "no memory for this sitemap");
}

/* --- the root -------------------------------------------------------------------------------------- */

static void begin_root(struct reader *reader, const xmlChar *name, const xmlChar *prefix,
                       const xmlChar *space)
{
    char quoted[100];

    reader->space = space;
    reader->prefix = prefix;
    if (xmlStrEqual(name, BAD_CAST "urlset")) {
        reader->kind = SITEMAP_OF_PAGES;
        reader->entry_name = "url";
    } else if (xmlStrEqual(name, BAD_CAST "sitemapindex")) {
        reader->kind = SITEMAP_OF_SITEMAPS;
        reader->entry_name = "sitemap";
    } else {
        stop(reader, trawl_err_set(reader->reading->err, -EINVAL, "",
                                   "no sitemap: expected <urlset> or <sitemapindex>, not <%s>",
                                   trawl_log_quote(quoted, sizeof(quoted), (const char *)name)));
    }
}

/* Is this of the root's own vocabulary? Extensions (images, videos, news) have a namespace of theirs, or at least a prefix. */
static bool is_own(const struct reader *reader, const xmlChar *prefix, const xmlChar *space)
{
    return xmlStrEqual(space, reader->space) && (space || xmlStrEqual(prefix, reader->prefix));
}

/* --- entries --------------------------------------------------------------------------------------- */

/* After a fault libxml2 passes over "&amp;" and its like without a word, which would make other URLs of those with a
 * query: each entry begins as if there had been none. */
static void begin_entry(struct reader *reader)
{
    reader->ctxt->wellFormed = 1;
    reader->in_entry = true;
    reader->in_loc = false;
    reader->has_loc = false;
    reader->damaged = false;
    trawl_buf_clear(&reader->loc);
}

static void drop_entry(struct reader *reader)
{
    int r = trawl__sitemap_drop(reader->reading);

    reader->in_entry = false;
    if (r < 0)
        stop(reader, r);
}

static void end_entry(struct reader *reader)
{
    size_t blank = strspn(trawl_buf_text(&reader->loc), " \t\r\n");
    int r;

    if (!reader->damaged && blank == reader->loc.len) {
        trawl__sitemap_fault(reader->reading, line_of(reader), "a <%s> without a <loc>",
                             reader->entry_name);
        reader->damaged = true;
    }
    if (reader->damaged) {
        drop_entry(reader);
        return;
    }
    reader->in_entry = false;
    r = trawl__sitemap_bring(reader->reading, reader->kind, &reader->base,
                             trawl_buf_text(&reader->loc), reader->loc.len, line_of(reader));
    if (r < 0)
        stop(reader, r);
}

/* --- what the parser tells ------------------------------------------------------------------------- */

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *space,
                     int space_count, const xmlChar **spaces, int attribute_count,
                     int default_count, const xmlChar **attributes)
{
    struct reader *reader = user;
    int open = reader->ctxt->nameNr;

    (void)space_count;
    (void)spaces;
    (void)attribute_count;
    (void)default_count;
    (void)attributes;
    if (reader->code < 0)
        return;
    if (open == OPEN_AT_ROOT) {
        begin_root(reader, name, prefix, space);
    } else if (open == OPEN_AT_ENTRY && is_own(reader, prefix, space) &&
               strcmp((const char *)name, reader->entry_name) == 0) {
        if (reader->in_entry) /* its end was lost in a fault */
            drop_entry(reader);
        begin_entry(reader);
    } else if (open == OPEN_AT_LOC && reader->in_entry && !reader->has_loc &&
               is_own(reader, prefix, space) && xmlStrEqual(name, BAD_CAST "loc")) {
        reader->in_loc = true;
        reader->has_loc = true;
    }
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *space)
{
    struct reader *reader = user;
    int open = reader->ctxt->nameNr - 1; /* it is still counted itself */

    (void)name;
    (void)prefix;
    (void)space;
    if (reader->code < 0)
        return;
    if (open == OPEN_AT_LOC)
        reader->in_loc = false;
    else if (open == OPEN_AT_ENTRY && reader->in_entry)
        end_entry(reader);
}

static void on_text(void *user, const xmlChar *text, int len)
{
    struct reader *reader = user;
    int r;

    if (!reader->in_loc || reader->damaged || reader->ctxt->nameNr != OPEN_AT_LOC + 1)
        return;
    r = trawl_buf_append(&reader->loc, text, (size_t)len);
    if (r == -EFBIG) {
        trawl__sitemap_fault(reader->reading, line_of(reader), "a URL of more than %d bytes",
                             TRAWL_URL_MAX);
        reader->damaged = true;
    } else if (r < 0) {
        stop(reader, no_memory(reader->reading));
    }
}

/* An entity that nobody has declared. */
static void on_reference(void *user, const xmlChar *name)
{
    struct reader *reader = user;

    (void)name;
    reader->damaged = true;
}

/* Before the declarations in it, if it has any. */
static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    struct reader *reader = user;
    char quoted[100];

    (void)public_id;
    (void)system_id;
    stop(reader, trawl_err_set(
                     reader->reading->err, -EINVAL, "", "no sitemap: it has the document type '%s'",
                     trawl_log_quote(quoted, sizeof(quoted), name ? (const char *)name : "")));
}

/* Prefixes that were never declared are common, and harmless: what they are of is for others. */
static void on_error(void *user, xmlErrorPtr error)
{
    struct reader *reader = user;

    if (error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE || reader->code < 0)
        return;
    reader->damaged = true;
    trawl__sitemap_fault(reader->reading, reader->lines_before + (unsigned)error->line, "%s",
                         error->message ? error->message : "damaged XML");
}

static const xmlSAXHandler handler = {
    .initialized = XML_SAX2_MAGIC,
    .internalSubset = on_doctype,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .reference = on_reference,
    .serror = on_error,
};

/* --- reading --------------------------------------------------------------------------------------- */

static int parse(struct reader *reader, const char *text, size_t len)
{
    xmlParserCtxtPtr ctxt = len <= INT_MAX ? xmlCreateMemoryParserCtxt(text, (int)len) : NULL;
    int r;

    if (!ctxt)
        return -ENOMEM;
    xmlCtxtUseOptions(ctxt, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    *ctxt->sax = handler;
    ctxt->userData = reader;
    reader->ctxt = ctxt;
    xmlParseDocument(ctxt);
    r = ctxt->errNo == XML_ERR_NO_MEMORY ? -ENOMEM : 0;
    xmlFreeParserCtxt(ctxt);
    return r;
}

/* The parser came to its end: of the document, or of what it could make out. */
static int finish(struct reader *reader)
{
    struct sitemap_reading *reading = reader->reading;

    if (!reader->entry_name)
        return trawl_err_set(reading->err, -EINVAL, "", "no sitemap: %s",
                             reading->faults.count > 0 ? reading->faults.first
                                                       : "there is no element in it");
    return reader->in_entry ? trawl__sitemap_drop(reading) : 0;
}

int trawl__sitemap_read_xml(struct sitemap_reading *reading, const char *text, size_t len,
                            unsigned line)
{
    struct reader reader = {.reading = reading, .lines_before = line - 1};
    bool in_arena = trawl_arena_begin();
    int r;

    trawl_url_base_init(&reader.base, reading->response->url);
    trawl_buf_init(&reader.loc, LOC_MAX);
    r = parse(&reader, text, len);
    if (in_arena)
        trawl_arena_end();
    trawl_buf_finish(&reader.loc);
    if (r < 0)
        return no_memory(reading);
    return reader.code < 0 ? reader.code : finish(&reader);
}
