/* Fetching from a server on loopback that does what servers do: stall, break off, send too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>

#include "site.h"
#include "worker/fetch.h"

#define MAX_BODY 65536

/* 200,000 zeroes, gzipped. */
static const unsigned char bomb[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00, 0x00,
    0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x06, 0x7f, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0xd7, 0x00, 0x7b, 0x58, 0xe0,
    0x5c, 0x40, 0x0d, 0x03, 0x00};

static char bomb_answer[1024];

static struct site_route routes[] = {
    {.path = "/ok",
     .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: 1\r\nx-a: 2\r\nX-L: \xe9\r\n"
              "Content-Length: 5\r\n\r\nhello"},
    {.path = "/moved",
     .bytes = "HTTP/1.1 301 Moved\r\nLocation: /ok\r\nContent-Length: 3\r\n\r\nbye"},
    {.path = "/missing", .bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"},
    {.path = "/cut", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"},
    {.path = "/cut-chunk",
     .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"},
    {.path = "/rubbish", .bytes = "\x01\x02\x03 rubbish\r\n\r\n"},
    {.path = "/nothing", .bytes = "", .stall = false},
    {.path = "/stall", .bytes = "", .stall = true},
    {.path = "/half",
     .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
     .stall = true},
    {.path = "/announced", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nhello"},
    {.path = "/bomb", .bytes = bomb_answer},
    {.path = "/bad-gzip",
     .bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
    {.path = NULL, .bytes = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"},
};

struct scene {
    uv_loop_t loop;
    struct site site;
    struct trawl_fetcher *fetcher;
    struct trawl_fetch *done;
    json_t *headers;
    json_t *starts;
    unsigned done_count;
};

static void on_done(void *user, struct trawl_fetch *fetch)
{
    struct scene *scene = user;

    scene->done = fetch;
    scene->done_count++;
    uv_stop(&scene->loop);
}

#define PATIENT_MS 20000

/* With a fetcher for a platform that names `starts`, or the site. */
static struct scene *scene_open(enum trawl_private_networks private_networks, const char *start,
                                unsigned timeout_ms)
{
    struct scene *scene = TRAWL_NEW(struct scene);
    struct trawl_settings settings = {
        .private_networks = private_networks,
        .timeout_ms = timeout_ms,
        .connect_timeout_ms = timeout_ms,
        .max_body = MAX_BODY,
        .http2 = true,
        .user_agent = "test/1",
        .frontier.hosts = {.concurrency = 4, .total = 4, .queue = 1000},
    };

    assert_int_equal(uv_loop_init(&scene->loop), 0);
    site_open(&scene->site, &scene->loop, routes);
    scene->headers = json_pack("{s:s, s:s}", "X-Platform", "yes", "X-Both", "platform");
    scene->starts = json_pack("[s+]", start ? start : scene->site.root, "/");
    settings.headers = scene->headers;
    settings.starts = scene->starts;
    assert_int_equal(trawl_fetcher_create(&scene->loop, &settings, on_done, scene, &scene->fetcher),
                     0);
    return scene;
}

static int setup(void **state)
{
    *state = scene_open(TRAWL_PRIVATE_START, NULL, PATIENT_MS);
    return 0;
}

static int setup_hasty(void **state)
{
    *state = scene_open(TRAWL_PRIVATE_START, NULL, 500);
    return 0;
}

static int setup_stranger(void **state)
{
    *state = scene_open(TRAWL_PRIVATE_START, "http://127.0.0.1:1", PATIENT_MS);
    return 0;
}

static int setup_allow(void **state)
{
    *state = scene_open(TRAWL_PRIVATE_ALLOW, "http://127.0.0.1:1", PATIENT_MS);
    return 0;
}

static int setup_deny(void **state)
{
    *state = scene_open(TRAWL_PRIVATE_DENY, NULL, PATIENT_MS);
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    trawl_fetcher_close(scene->fetcher);
    site_close(&scene->site);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    json_decref(scene->headers);
    json_decref(scene->starts);
    free(scene);
    return 0;
}

static struct trawl_task *task_for(const struct scene *scene, const char *path,
                                   struct trawl_page_request request)
{
    char url[256];

    snprintf(url, sizeof(url), "%s%s", scene->site.root, path);
    request.url = trawl_str_of(url);
    return trawl_task_create(&request);
}

/* Fetch a path to its end; the result is valid until release(). */
static const struct trawl_fetch_result *fetch_request(struct scene *scene, const char *path,
                                                      struct trawl_page_request request)
{
    struct trawl_task *task = task_for(scene, path, request);

    assert_int_equal(trawl_fetch_start(scene->fetcher, task), 0);
    scene->done = NULL;
    while (!scene->done)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_ptr_equal(trawl_fetch_task(scene->done), task);
    return trawl_fetch_result(scene->done);
}

static const struct trawl_fetch_result *fetch(struct scene *scene, const char *path)
{
    return fetch_request(scene, path, (struct trawl_page_request){0});
}

static void release(struct scene *scene)
{
    trawl_task_destroy(trawl_fetch_task(scene->done));
    trawl_fetch_release(scene->done);
}

static void fetch__gives_status_body_and_headers(void **state)
{
    struct scene *scene = *state;
    const struct trawl_fetch_result *result = fetch(scene, "/ok");

    assert_null(result->error_kind);
    assert_int_equal(result->status, 200);
    assert_string_equal(result->body, "hello");
    assert_int_equal(result->body_len, 5);
    assert_int_equal(result->bytes, 5);
    assert_string_equal(result->content_type, "text/html");
    assert_string_equal(json_string_value(json_object_get(result->headers, "x-a")), "2");
    assert_string_equal(json_string_value(json_object_get(result->headers, "x-l")), "\xc3\xa9");
    release(scene);
}

static void fetch__does_not_follow_redirects(void **state)
{
    struct scene *scene = *state;
    const struct trawl_fetch_result *result = fetch(scene, "/moved");

    assert_null(result->error_kind);
    assert_int_equal(result->status, 301);
    assert_string_equal(result->location, "/ok");
    assert_string_equal(result->body, "");
    assert_int_equal(scene->site.hits, 1);
    release(scene);
}

static void fetch__an_error_page_is_an_answer_without_body(void **state)
{
    struct scene *scene = *state;
    const struct trawl_fetch_result *result = fetch(scene, "/missing");

    assert_null(result->error_kind);
    assert_int_equal(result->status, 404);
    assert_int_equal(result->body_len, 0);
    assert_int_equal(result->bytes, 4);
    release(scene);
}

static void fetch__names_what_went_wrong(void **state)
{
    static const struct {
        const char *path;
        const char *kind;
        bool transient;
    } table[] = {
        {"/cut", "incomplete", true},     {"/cut-chunk", "incomplete", true},
        {"/nothing", "incomplete", true}, {"/announced", "too_large", false},
        {"/bomb", "too_large", false},    {"/bad-gzip", "protocol", false},
        {"/rubbish", "protocol", false},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        const struct trawl_fetch_result *result = fetch(scene, table[i].path);

        if (!result->error_kind || strcmp(result->error_kind, table[i].kind) != 0)
            print_error("%s: %s\n", table[i].path, result->error ? result->error : "no error");
        assert_string_equal(result->error_kind, table[i].kind);
        assert_int_equal(result->transient, table[i].transient);
        assert_true(*result->error != '\0');
        release(scene);
    }
}

static void fetch__does_not_wait_for_ever(void **state)
{
    static const char *const paths[] = {"/stall", "/half"};
    struct scene *scene = *state;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(paths); i++) {
        const struct trawl_fetch_result *result = fetch(scene, paths[i]);

        assert_string_equal(result->error_kind, "timeout");
        assert_true(result->transient);
        release(scene);
    }
}

static void fetch__a_refused_connection_is_transient(void **state)
{
    struct scene *scene = *state;
    const char *url = "http://127.0.0.1:1/";
    const struct trawl_page_request request = {.url = trawl_str_of(url)};

    assert_int_equal(trawl_fetch_start(scene->fetcher, trawl_task_create(&request)), 0);
    while (!scene->done)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_string_equal(trawl_fetch_result(scene->done)->error_kind, "connect");
    assert_true(trawl_fetch_result(scene->done)->transient);
    release(scene);
}

static void fetch__a_request_s_own_headers_win(void **state)
{
    struct scene *scene = *state;
    const struct trawl_page_request request = {
        .headers = trawl_str_of("{\"x-both\": \"own\", \"X-Empty\": \"\", \"X-Own\": \"1\"}")};

    fetch_request(scene, "/ok", request);
    assert_non_null(strstr(scene->site.last_request, "X-Platform: yes\r\n"));
    assert_non_null(strstr(scene->site.last_request, "x-both: own\r\n"));
    assert_null(strstr(scene->site.last_request, "X-Both: platform"));
    assert_non_null(strstr(scene->site.last_request, "X-Empty:\r\n"));
    assert_non_null(strstr(scene->site.last_request, "User-Agent: test/1\r\n"));
    assert_non_null(strstr(scene->site.last_request, "Accept-Encoding: "));
    release(scene);
}

static void fetch__a_handle_forgets_its_last_method(void **state)
{
    struct scene *scene = *state;
    const struct trawl_page_request post = {
        .method = trawl_str_of("POST"),
        .body = trawl_str_of("a=b"),
        .headers = trawl_str_of("{\"X-Own\": \"1\"}"),
    };
    const struct trawl_page_request put = {.method = trawl_str_of("PUT"),
                                           .body = trawl_str_of("xyz")};

    fetch_request(scene, "/ok", post);
    assert_non_null(strstr(scene->site.last_request, "POST /ok HTTP/1.1\r\n"));
    assert_non_null(strstr(scene->site.last_request, "Content-Length: 3\r\n"));
    release(scene);
    fetch_request(scene, "/ok", put);
    assert_non_null(strstr(scene->site.last_request, "PUT /ok HTTP/1.1\r\n"));
    release(scene);
    fetch_request(scene, "/ok", (struct trawl_page_request){.method = trawl_str_of("HEAD")});
    assert_non_null(strstr(scene->site.last_request, "HEAD /ok HTTP/1.1\r\n"));
    release(scene);
    assert_string_equal(fetch(scene, "/ok")->body, "hello");
    assert_non_null(strstr(scene->site.last_request, "GET /ok HTTP/1.1\r\n"));
    assert_null(strstr(scene->site.last_request, "Content-Length"));
    assert_null(strstr(scene->site.last_request, "X-Own"));
    release(scene);
}

static void assert_refused(struct scene *scene, const char *why)
{
    const struct trawl_fetch_result *result = fetch(scene, "/ok");

    assert_string_equal(result->error_kind, "refused");
    assert_false(result->transient);
    assert_non_null(strstr(result->error, why));
    assert_int_equal(scene->site.hits, 0);
    release(scene);
}

static void fetch__refuses_the_private_address_of_a_stranger(void **state)
{
    struct scene *scene = *state;
    const struct trawl_page_request request = {.url = trawl_str_of("http://localhost:2/")};

    assert_refused(scene, "\"private_networks\": \"allow\"");
    scene->done = NULL;
    assert_int_equal(trawl_fetch_start(scene->fetcher, trawl_task_create(&request)), 0);
    while (!scene->done)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_string_equal(trawl_fetch_result(scene->done)->error_kind, "refused");
    assert_non_null(strstr(trawl_fetch_result(scene->done)->error, "(loopback)"));
    assert_non_null(strstr(trawl_fetch_result(scene->done)->error, "'localhost:2'"));
    release(scene);
}

static void fetch__denies_private_addresses_to_all(void **state)
{
    assert_refused(*state, "private_networks is \"deny\"");
}

static void fetch__allows_private_addresses_to_all(void **state)
{
    struct scene *scene = *state;

    assert_null(fetch(scene, "/ok")->error_kind);
    release(scene);
}

static void fetcher_close__abandons_what_is_under_way(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *task = task_for(scene, "/stall", (struct trawl_page_request){0});

    assert_int_equal(trawl_fetch_start(scene->fetcher, task), 0);
    while (scene->site.hits == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    trawl_fetcher_close(scene->fetcher);
    scene->fetcher = NULL;
    trawl_task_destroy(task);
    assert_int_equal(scene->done_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fetch__gives_status_body_and_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(fetch__does_not_follow_redirects, setup, teardown),
        cmocka_unit_test_setup_teardown(fetch__an_error_page_is_an_answer_without_body, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(fetch__names_what_went_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(fetch__does_not_wait_for_ever, setup_hasty, teardown),
        cmocka_unit_test_setup_teardown(fetch__a_refused_connection_is_transient, setup_allow,
                                        teardown),
        cmocka_unit_test_setup_teardown(fetch__a_request_s_own_headers_win, setup, teardown),
        cmocka_unit_test_setup_teardown(fetch__a_handle_forgets_its_last_method, setup, teardown),
        cmocka_unit_test_setup_teardown(fetch__refuses_the_private_address_of_a_stranger,
                                        setup_stranger, teardown),
        cmocka_unit_test_setup_teardown(fetch__denies_private_addresses_to_all, setup_deny,
                                        teardown),
        cmocka_unit_test_setup_teardown(fetch__allows_private_addresses_to_all, setup_allow,
                                        teardown),
        cmocka_unit_test_setup_teardown(fetcher_close__abandons_what_is_under_way, setup, teardown),
    };
    int head = snprintf(bomb_answer, sizeof(bomb_answer),
                        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                        sizeof(bomb));
    int failed;

    memcpy(bomb_answer + head, bomb, sizeof(bomb));
    for (struct site_route *route = routes; route->path; route++) {
        if (route->bytes == bomb_answer)
            route->len = (size_t)head + sizeof(bomb);
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
