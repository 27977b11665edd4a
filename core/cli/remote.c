#include "cli/remote.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "journal/phase.h"
#include "supervisor/policy.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* How often a run is asked about, and how long a server may take to be restarted. */
#define POLL_US     300000
#define PATIENCE_NS 30000000000u

/* --- where the server is ------------------------------------------------------------------------- */

/* What a server that listens at `address` is asked at: one that listens everywhere is here too. */
static char *url_of(const char *address)
{
    const char *colon = strrchr(address, ':');

    if (!colon)
        return trawl_xasprintf("http://127.0.0.1:%s", address);
    if (colon == address || strncmp(address, "0.0.0.0:", 8) == 0)
        return trawl_xasprintf("http://127.0.0.1%s", colon);
    if (strncmp(address, "[::]:", 5) == 0)
        return trawl_xasprintf("http://[::1]%s", colon);
    return trawl_xasprintf("http://%s", address);
}

/* The caller frees *ret_url. */
static int configured_url(const char *given, char **ret_url)
{
    TRAWL_AUTO_FREE char *path = NULL;
    struct trawl_config *config = NULL;
    const char *address;
    int code;

    if (!given && trawl_config_find(NULL, &path, NULL) < 0) {
        *ret_url = trawl_xstrdup("http://127.0.0.1:8080");
        return TRAWL_EXIT_COMPLETED;
    }
    code = trawl_cli_load_config(given ? given : path, &config);
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    address = json_string_value(
        json_array_get(json_object_get(json_object_get(config->root, "server"), "listen"), 0));
    *ret_url = url_of(address ? address : "127.0.0.1:8080");
    trawl_config_destroy(config);
    return TRAWL_EXIT_COMPLETED;
}

int trawl_remote_connect(const char *server, const char *config, struct trawl_client **ret_client)
{
    TRAWL_AUTO_FREE char *url = NULL;
    int code = TRAWL_EXIT_COMPLETED;

    if (server)
        url = strstr(server, "://") ? trawl_xstrdup(server) : url_of(server);
    else
        code = configured_url(config, &url);
    if (code == TRAWL_EXIT_COMPLETED)
        *ret_client = trawl_client_create(url);
    return code;
}

/* --- asking -------------------------------------------------------------------------------------- */

/* A problem of the server's (RFC 9457); 422 is what the command line said wrong. */
static int refused(const char *command, long status, const json_t *problem)
{
    const char *detail = trawl_json_string(problem, "detail", NULL);

    fprintf(stderr, "trawl %s: %s\n", command,
            detail ? detail : trawl_json_string(problem, "title", "the server refused"));
    return status == 422 ? TRAWL_EXIT_USAGE : TRAWL_EXIT_FAILED;
}

static int ask(struct trawl_client *client, const char *command, const char *path,
               const json_t *body, json_t **ret_answer)
{
    struct trawl_err err = {0};
    json_t *answer = NULL;
    long status = 0;
    int code;

    if (trawl_client_ask(client, path, body, &status, &answer, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (status < 400) {
        *ret_answer = answer;
        return TRAWL_EXIT_COMPLETED;
    }
    code = refused(command, status, answer);
    json_decref(answer);
    return code;
}

int trawl_remote_get(struct trawl_client *client, const char *command, const char *path,
                     json_t **ret_answer)
{
    return ask(client, command, path, NULL, ret_answer);
}

int trawl_remote_post(struct trawl_client *client, const char *command, const char *path,
                      const json_t *body, json_t **ret_answer)
{
    return ask(client, command, path, body, ret_answer);
}

int trawl_remote_wait(struct trawl_client *client, const char *command, json_int_t run_id)
{
    TRAWL_AUTO_FREE char *path = trawl_xasprintf("/api/scrape/runs/%lld", (long long)run_id);
    enum trawl_phase phase = TRAWL_PHASE_QUEUED;
    uint64_t patient_from_ns = trawl_mono_ns();
    struct trawl_err err = {0};

    while (!trawl_phase_is_end(phase) && trawl_mono_ns() - patient_from_ns < PATIENCE_NS) {
        json_auto_t *run = NULL;
        long status = 0;

        if (trawl_client_ask(client, path, NULL, &status, &run, &err) == 0 && status < 500) {
            if (status >= 400)
                return refused(command, status, run);
            (void)trawl_phase_parse(trawl_json_string(run, "status", ""), &phase);
            err.message[0] = '\0';
            if (phase != TRAWL_PHASE_INTERRUPTED)
                patient_from_ns = trawl_mono_ns();
        }
        if (!trawl_phase_is_end(phase))
            usleep(POLL_US);
    }
    if (err.message[0] != '\0') {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    fprintf(stderr, "run %lld: %s\n", (long long)run_id, trawl_phase_name(phase));
    return trawl_policy_exit_code(phase);
}
