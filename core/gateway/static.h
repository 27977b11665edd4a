/* The dashboard's files. */
#ifndef TRAWL_GATEWAY_STATIC_H
#define TRAWL_GATEWAY_STATIC_H

#include "gateway/gateway_priv.h"

/* Largest file that is served. */
#define STATIC_FILE_MAX (32u << 20)

struct static_request;

/* The folder that they are in: the configured one, else that beside the build folder, else the installed one; NULL if there
 * is none with an index.html. The caller frees it. */
char *static_find_folder(const char *configured);

/* Answer a path that is no API's. */
void static_serve(struct trawl_gateway *gateway, struct trawl_http_conn *http);
void static_closed(struct static_request *request);

/* The file below the folder that an encoded path means, without a leading '/': "index.html" for a folder; NULL if it has an
 * empty, hidden or ".." segment, a backslash, a NUL or a broken escape. The caller frees it. */
char *static_file_of(const char *path);

/* "text/html; charset=utf-8" of "index.html". */
const char *static_content_type(const char *file);

/* Does Accept-Encoding take this coding? (By name; a q of 0 refuses.) */
bool static_accepts(const char *accept_encoding, const char *coding);

#endif
