#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

struct trawl_client {
    char *server;
    CURL *easy;
    struct trawl_buf answer;
};

struct trawl_client *trawl_client_create(const char *server)
{
    struct trawl_client *client = TRAWL_NEW(struct trawl_client);
    size_t len = strlen(server);

    while (len > 0 && server[len - 1] == '/')
        len--;
    client->server = trawl_xstrndup(server, len);
    client->easy = curl_easy_init();
    trawl_buf_init(&client->answer, TRAWL_CLIENT_ANSWER_MAX);
    return client;
}

void trawl_client_destroy(struct trawl_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    trawl_buf_finish(&client->answer);
    free(client->server);
    free(client);
}

static size_t client_on_bytes(char *bytes, size_t size, size_t count, void *user)
{
    struct trawl_client *client = user;

    return trawl_buf_append(&client->answer, bytes, size * count) < 0 ? 0 : size * count;
}

static int client_error(CURLcode code, const char *server, struct trawl_err *err)
{
    int r =
        code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ? -ECONNREFUSED : -EIO;

    return trawl_err_set(err, r, "", "no answer from %s: %s", server, curl_easy_strerror(code));
}

int trawl_client_ask(struct trawl_client *client, const char *path, const json_t *body,
                     long *ret_status, json_t **ret_answer, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("%s%s", client->server, path);
    TRAWL_AUTO_FREE char *text = body ? trawl_json_text(body, TRAWL_JSON_COMPACT) : NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *easy = client->easy;
    CURLcode code;

    if (!easy) {
        curl_slist_free_all(headers);
        return trawl_err_set(err, -ENOMEM, "", "libcurl cannot begin");
    }
    curl_easy_reset(easy);
    trawl_buf_clear(&client->answer);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TRAWL_CLIENT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* it is one's own server, mostly on loopback */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, client_on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
    if (text) {
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
    }
    code = curl_easy_perform(easy);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return client_error(code, client->server, err);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    if (trawl_json_parse(trawl_buf_text(&client->answer), client->answer.len, ret_answer, NULL) < 0)
        return trawl_err_set(err, -EPROTO, "", "%s answered with what is no JSON (status %ld)",
                             client->server, *ret_status);
    return 0;
}
