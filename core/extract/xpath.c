#include "extract/xpath.h"

#include <ctype.h>
#include <errno.h>
#include <libxml/xpathInternals.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "extract/css_priv.h"
#include "util/alloc.h"

/* Steps of one evaluation: far above what any page needs, far below what would stall a worker. */
#define XPATH_STEPS_MAX 200000000

struct trawl_selector {
    xmlXPathCompExprPtr compiled;
    char *text; /* as the user wrote it */
    struct css_selector *css;
    struct css_pool pool; /* of `css` */
};

/* The first thing that libxml2 complained about. */
struct complaint {
    char message[200];
    int position; /* in the expression, from 0 */
};

static void on_complaint(void *user, xmlErrorPtr error)
{
    struct complaint *complaint = user;

    if (complaint->message[0] || !error->message)
        return;
    snprintf(complaint->message, sizeof(complaint->message), "%.*s",
             (int)strcspn(error->message, "\n"), error->message);
    complaint->position = error->int1;
}

static void ignore_complaint(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

static bool is_xpath(const char *text)
{
    return *text == '/' || *text == '(' || strcmp(text, ".") == 0 || strncmp(text, "./", 2) == 0 ||
           strncmp(text, "..", 2) == 0 || strncmp(text, "xpath:", 6) == 0;
}

static int complain(const struct complaint *complaint, const char *text, struct trawl_err *err)
{
    if (complaint->position > 0 && (size_t)complaint->position <= strlen(text))
        return trawl_err_set(err, -EINVAL, "", "character %d of the XPath '%s': %s",
                             complaint->position + 1, text, complaint->message);
    return trawl_err_set(err, -EINVAL, "", "the XPath '%s': %s", text,
                         complaint->message[0] ? complaint->message : "not understood");
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_-.:", c)) || (unsigned char)c >= 0x80;
}

/* Is this name, which stands before a parenthesis, a function's that exists, or no function's at all? */
static bool is_known(xmlXPathContextPtr context, const char *name)
{
    static const char *const others[] = {"and",  "or",   "div",     "mod",
                                         "node", "text", "comment", "processing-instruction"};
    const char *axis = strstr(name, "::");

    name = axis ? axis + 2 : name;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(others); i++)
        if (strcmp(name, others[i]) == 0)
            return true;
    return xmlXPathFunctionLookup(context, BAD_CAST name);
}

/* libxml2 looks for a function only when it comes to call it, on some page or other; here it is missed at once. */
static int check_functions(xmlXPathContextPtr context, const char *xpath, struct trawl_err *err)
{
    const char *at = xpath;

    while (*at) {
        const char *start = at;
        if (*at == '\'' || *at == '"') {
            const char *end = strchr(at + 1, *at);
            at = end ? end + 1 : at + 1;
            continue;
        }
        while (is_name_char(*at))
            at++;
        if (at == start) {
            at++;
            continue;
        }
        if (at[strspn(at, " \t\r\n")] == '(' && !isdigit((unsigned char)*start)) {
            TRAWL_AUTO_FREE char *name = trawl_xstrndup(start, (size_t)(at - start));
            if (!is_known(context, name))
                return trawl_err_set(err, -EINVAL, "",
                                     "character %zu of the XPath '%s': there is no function '%s'",
                                     (size_t)(start - xpath) + 1, xpath, name);
        }
    }
    return 0;
}

/* Unknown variables and prefixes only show when the expression is run, so it is run over an empty page. */
static int try_out(const struct trawl_selector *selector, struct trawl_err *err)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "html", NULL) : NULL;
    xmlXPathContextPtr context = NULL;
    xmlXPathObjectPtr result = NULL;
    int r = -ENOMEM;

    if (root) {
        xmlDocSetRootElement(doc, root);
        context = trawl_xpath_context_create(doc);
    }
    if (context)
        r = trawl_selector_run(selector, context, root, &result, err);
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return r;
}

static int compile_xpath(struct trawl_selector *selector, const char *xpath, struct trawl_err *err)
{
    struct complaint complaint = {0};
    xmlXPathContextPtr context = trawl_xpath_context_create(NULL);
    int r;

    if (!context)
        return trawl_err_set(err, -ENOMEM, "", "no memory for a selector");
    context->error = on_complaint;
    context->userData = &complaint;
    selector->compiled = xmlXPathCtxtCompile(context, BAD_CAST xpath);
    r = selector->compiled ? check_functions(context, xpath, err)
                           : complain(&complaint, xpath, err);
    xmlXPathFreeContext(context);
    xmlResetLastError();
    return r == 0 ? try_out(selector, err) : r;
}

static int compile(struct trawl_selector *selector, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *translated = NULL;
    const char *text = selector->text;
    bool is_self = strcmp(text, ".") == 0;

    if (is_self || !is_xpath(text)) {
        int r = trawl__css_parse(&selector->pool, is_self ? ":scope" : text, &selector->css, err);
        if (r < 0)
            return r;
    }
    if (is_xpath(text))
        return compile_xpath(selector, strncmp(text, "xpath:", 6) == 0 ? text + 6 : text, err);
    translated = trawl__css_xpath(selector->css);
    return compile_xpath(selector, translated, err);
}

int trawl_selector_compile(const char *text, struct trawl_selector **ret_selector,
                           struct trawl_err *err)
{
    struct trawl_selector *selector;
    int r;

    text += strspn(text, " \t\r\n");
    if (!*text)
        return trawl_err_set(err, -EINVAL, "", "the selector is empty");
    selector = TRAWL_NEW(struct trawl_selector);
    selector->text = trawl_xstrdup(text);
    r = compile(selector, err);
    if (r < 0) {
        trawl_selector_free(selector);
        return r;
    }
    *ret_selector = selector;
    return 0;
}

void trawl_selector_free(struct trawl_selector *selector)
{
    if (!selector)
        return;
    xmlXPathFreeCompExpr(selector->compiled);
    trawl__css_pool_finish(&selector->pool);
    free(selector->text);
    free(selector);
}

const struct css_selector *trawl_selector_css(const struct trawl_selector *selector)
{
    return selector->css;
}

xmlXPathContextPtr trawl_xpath_context_create(xmlDocPtr doc)
{
    xmlXPathContextPtr context = xmlXPathNewContext(doc);

    if (!context)
        return NULL;
    context->error = ignore_complaint;
    trawl__xpath_register(context);
    return context;
}

int trawl_selector_run(const struct trawl_selector *selector, xmlXPathContextPtr context,
                       xmlNodePtr node, xmlXPathObjectPtr *ret_result, struct trawl_err *err)
{
    struct complaint complaint = {0};
    xmlXPathObjectPtr result;

    context->error = on_complaint;
    context->userData = &complaint;
    context->node = node;
    context->opLimit = XPATH_STEPS_MAX;
    context->opCount = 0;
    result = xmlXPathCompiledEval(selector->compiled, context);
    context->error = ignore_complaint;
    if (!result)
        return complain(&complaint, selector->text, err);
    *ret_result = result;
    return 0;
}
