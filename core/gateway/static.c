#include "gateway/static.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gateway/problem.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/hash.h"

struct static_request {
    enum http_user_kind kind;
    struct trawl_http_conn *http;
    uv_work_t work;
    bool busy;
    char *web;
    char *file;
    bool br, gzip;        /* what the client takes */
    const char *encoding; /* of what was found, NULL for the file itself */
    bool fallback;        /* the application's page stands for a path of its own */
    char *bytes;
    size_t len;
    int status;
};

static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".ttf", "font/ttf"},
    {".wasm", "application/wasm"},
};

/* A page may use what comes from here, and nothing else: what a scraped item holds stays harmless even if a mistake put it
 * into a page as markup. Components set styles of their own elements, small images and fonts are packed into style sheets,
 * and not every browser takes 'self' to include WebSockets. */
#define PAGE_POLICY                                                                                \
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "                 \
    "font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; "     \
    "form-action 'self'; frame-ancestors 'none'"
/* Not "no-referrer": with that, some of a page's own POSTs have the Origin "null", and are refused. */
#define REFERRER_POLICY "same-origin"

static const char welcome[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Trawl</title>\n"
    "<h1>Trawl is running</h1>\n<p>The API is described at "
    "<a href=\"/api/openapi.json\">/api/openapi.json</a>; "
    "<a href=\"/api/scrape/runs\">/api/scrape/runs</a> lists the runs.</p>\n"
    "<p>There is no dashboard here. <code>make web</code> in Trawl's source folder builds it, "
    "<code>make install</code> installs it, and <code>server.web</code> of the configuration names "
    "another folder that holds one. Then start the server again.</p>\n</html>\n";

/* --- where they are -------------------------------------------------------------------------------- */

/* The folder if there is a page in it; frees it if not. */
static char *with_page(char *folder)
{
    TRAWL_AUTO_FREE char *page = trawl_fs_join(folder, "index.html");

    if (access(page, R_OK) == 0)
        return folder;
    free(folder);
    return NULL;
}

char *static_find_folder(const char *configured)
{
    TRAWL_AUTO_FREE char *self = NULL;
    char *found = NULL;

    if (configured)
        return trawl_xstrdup(configured);
    if (trawl_fs_self_folder(&self) == 0)
        found = with_page(trawl_fs_join(self, "../web/dist"));
    return found ? found : with_page(trawl_xstrdup(TRAWL_WEB_FOLDER));
}

/* --- names ----------------------------------------------------------------------------------------- */

const char *static_content_type(const char *file)
{
    const char *suffix = strrchr(file, '.');

    for (size_t i = 0; suffix && i < TRAWL_ARRAY_SIZE(types); i++) {
        if (strcasecmp(types[i].suffix, suffix) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

bool static_accepts(const char *accept_encoding, const char *coding)
{
    size_t coding_len = strlen(coding);

    for (const char *at = accept_encoding; at && *at;) {
        size_t len = strcspn(at, ",");
        size_t skip = strspn(at, " \t");
        size_t name_len = skip < len ? strcspn(at + skip, ",; \t") : 0;

        if (name_len == coding_len && strncasecmp(at + skip, coding, coding_len) == 0) {
            const char *q = memmem(at, len, "q=", 2);

            return !q || strtod(q + 2, NULL) > 0;
        }
        at += len;
        if (*at == ',')
            at++;
    }
    return false;
}

char *static_file_of(const char *path)
{
    char *file = *path == '/' ? query_decode(path + 1, strlen(path + 1), false) : NULL;
    size_t len;

    if (!file)
        return NULL;
    for (const char *segment = file; *segment;) {
        len = strcspn(segment, "/");
        /* An empty segment, or one that begins with a dot: "..", and what is hidden. */
        if (len == 0 || segment[0] == '.' || memchr(segment, '\\', len)) {
            free(file);
            return NULL;
        }
        segment += len;
        if (*segment == '/')
            segment++;
    }
    len = strlen(file);
    if (len == 0 || file[len - 1] == '/') {
        char *index = trawl_xasprintf("%sindex.html", file);

        free(file);
        return index;
    }
    return file;
}

/* --- in a thread ----------------------------------------------------------------------------------- */

/* Read folder/file, if that, with all links resolved, still lies in the folder. */
static int read_inside(struct static_request *request, const char *file, const char *suffix)
{
    TRAWL_AUTO_FREE char *name = trawl_xasprintf("%s%s", file, suffix);
    TRAWL_AUTO_FREE char *path = trawl_fs_join(request->web, name);
    TRAWL_AUTO_FREE char *folder = realpath(request->web, NULL);
    TRAWL_AUTO_FREE char *real = realpath(path, NULL);
    size_t len = folder ? strlen(folder) : 0;

    if (!folder || !real || strncmp(folder, real, len) != 0 || real[len] != '/')
        return -ENOENT;
    return trawl_fs_read(real, STATIC_FILE_MAX, &request->bytes, &request->len);
}

static int read_encoded(struct static_request *request, const char *file)
{
    if (request->br && read_inside(request, file, ".br") == 0) {
        request->encoding = "br";
        return 0;
    }
    if (request->gzip && read_inside(request, file, ".gz") == 0) {
        request->encoding = "gzip";
        return 0;
    }
    return read_inside(request, file, "");
}

static bool has_extension(const char *file)
{
    const char *slash = strrchr(file, '/');

    return strchr(slash ? slash : file, '.') != NULL;
}

static void read_file(uv_work_t *work)
{
    struct static_request *request = TRAWL_CONTAINER_OF(work, struct static_request, work);

    request->status = read_encoded(request, request->file);
    if (request->status == 0 || has_extension(request->file))
        return;
    request->fallback = true;
    request->status = read_encoded(request, "index.html");
}

/* --- on the loop ----------------------------------------------------------------------------------- */

static void request_free(struct static_request *request)
{
    free(request->web);
    free(request->file);
    free(request->bytes);
    free(request);
}

void static_closed(struct static_request *request)
{
    request->http = NULL;
    if (!request->busy)
        request_free(request);
}

static void respond_missing(struct trawl_http_conn *http, const char *file)
{
    static const struct trawl_http_header headers[] = {{"Cache-Control", "no-cache"},
                                                       {"Referrer-Policy", REFERRER_POLICY},
                                                       {"Content-Security-Policy", PAGE_POLICY},
                                                       {NULL, NULL}};

    if (strcmp(file, "index.html") == 0)
        trawl_http_respond(http, 200, "text/html; charset=utf-8", headers, welcome,
                           strlen(welcome));
    else
        problem_respond(http, 404, "there is no such page", NULL);
}

static void respond_file(struct static_request *request)
{
    const char *file = request->fallback ? "index.html" : request->file;
    const char *match = trawl_http_header(request->http, "if-none-match");
    const char *type = static_content_type(file);
    bool immutable = strncmp(file, "assets/", 7) == 0;
    struct trawl_hash hash = trawl_hash_bytes(request->bytes, request->len);
    char etag[64];
    struct trawl_http_header headers[] = {
        {"ETag", etag},
        {"Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache"},
        {"Vary", "Accept-Encoding"},
        {"Referrer-Policy", REFERRER_POLICY},
        {"Content-Security-Policy", PAGE_POLICY},
        {request->encoding ? "Content-Encoding" : NULL, request->encoding},
        {NULL, NULL}};

    snprintf(etag, sizeof(etag), "\"%016llx%s%s\"", (unsigned long long)hash.lo,
             request->encoding ? "-" : "", request->encoding ? request->encoding : "");
    if (match && strstr(match, etag))
        trawl_http_respond(request->http, 304, NULL, headers, NULL, 0);
    else
        trawl_http_respond(request->http, 200, type, headers, request->bytes, request->len);
}

static void file_read(uv_work_t *work, int status)
{
    struct static_request *request = TRAWL_CONTAINER_OF(work, struct static_request, work);

    request->busy = false;
    if (!request->http)
        request_free(request);
    else if (status < 0 || request->status < 0)
        respond_missing(request->http, request->file);
    else
        respond_file(request);
}

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void static_serve(struct trawl_gateway *gateway, struct trawl_http_conn *http)
{
    static const struct trawl_http_header allow[] = {{"Allow", "GET, HEAD"}, {NULL, NULL}};
    const char *accept = trawl_http_header(http, "accept-encoding");
    struct static_request *request;
    char *file;

    if (!is_read(trawl_http_method(http))) {
        problem_respond_with(http, 405, "pages are only read", NULL, allow);
        return;
    }
    file = static_file_of(trawl_http_path(http));
    if (!file || !gateway->web) {
        respond_missing(http, file ? file : "");
        free(file);
        return;
    }
    request = TRAWL_NEW(struct static_request);
    request->kind = HTTP_USER_STATIC;
    request->http = http;
    request->web = trawl_xstrdup(gateway->web);
    request->file = file;
    request->br = static_accepts(accept, "br");
    request->gzip = static_accepts(accept, "gzip");
    request->busy = true;
    trawl_http_set_data(http, request);
    uv_queue_work(&gateway->loop, &request->work, read_file, file_read);
}
