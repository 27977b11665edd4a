/* Selectors of any kind: they are refused, or become XPath that libxml2 takes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xpath.h>

#include "extract/css.h"
#include "extract/plan.h"
#include "extract/xpath.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    TRAWL_AUTO_FREE char *text = trawl_xstrndup((const char *)data, size);
    struct trawl_selector *selector = NULL;
    struct trawl_err err = {0};
    char *xpath = NULL;

    if (!ready)
        trawl_extract_init();
    ready = true;
    if (trawl_css_to_xpath(text, &xpath, &err) == 0) {
        xmlXPathCompExprPtr compiled = xmlXPathCompile(BAD_CAST xpath);
        if (!compiled)
            abort();
        xmlXPathFreeCompExpr(compiled);
    }
    free(xpath);
    if (trawl_selector_compile(text, &selector, &err) == 0)
        trawl_selector_free(selector);
    return 0;
}
