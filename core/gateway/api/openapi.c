#include "gateway/api/api.h"

/* The description of this API is written by hand, in openapi.c.json beside this file. The assembler makes it part of the
 * executable; it is told the path by the name of this file. */
extern const char api_openapi_begin[];
extern const char api_openapi_end[];
__asm__(".pushsection .rodata\n"
        ".global api_openapi_begin\n"
        "api_openapi_begin:\n"
        ".incbin \"" __FILE__ ".json\"\n"
        ".global api_openapi_end\n"
        "api_openapi_end:\n"
        ".byte 0\n"
        ".popsection\n");

void api_openapi(struct api_request *request)
{
    trawl_http_respond(request->http, 200, "application/json", NULL, api_openapi_begin,
                       (size_t)(api_openapi_end - api_openapi_begin));
}
