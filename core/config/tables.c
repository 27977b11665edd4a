/* The core's own options. docs/configuration.md tells people the same at more length. */
#include "config/config.h"
#include "config/config_priv.h"

#define SECOND 1000.0
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    1024.0
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)

static const struct trawl_option text[] = {{.type = TRAWL_OPTION_STRING}};

#define END                                                                                        \
    {                                                                                              \
        .type = TRAWL_OPTION_END                                                                   \
    }

static const struct trawl_option auth[] = {
    {.name = "type",
     .type = TRAWL_OPTION_ENUM,
     .choices = "none|basic|digest|bearer",
     .required = true,
     .help = "how"},
    {.name = "user", .type = TRAWL_OPTION_STRING, .help = "for basic and digest"},
    {.name = "password", .type = TRAWL_OPTION_STRING, .help = "likewise"},
    {.name = "token", .type = TRAWL_OPTION_STRING, .help = "for bearer"},
    END,
};

/* Written once for the top level, where what is not written has a default, and once for a platform, where it does not: there
 * only what is written overrides. `D` keeps or drops the default. */
#define FETCH_OPTIONS(D)                                                                           \
    {.name = "concurrency",                                                                        \
     .type = TRAWL_OPTION_INT,                                                                     \
     .default_json = D("8"),                                                                       \
     .min = 1,                                                                                     \
     .max = 256,                                                                                   \
     .help = "requests at once to one host"},                                                      \
        {.name = "total_concurrency",                                                              \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("32"),                                                                  \
         .min = 1,                                                                                 \
         .max = 1024,                                                                              \
         .help = "requests at once to all hosts together"},                                        \
        {.name = "delay",                                                                          \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"0s\""),                                                              \
         .min = 0,                                                                                 \
         .max = DAY,                                                                               \
         .help = "pause between the beginnings of two requests to one host"},                      \
        {.name = "rate",                                                                           \
         .type = TRAWL_OPTION_NUMBER,                                                              \
         .default_json = D("0"),                                                                   \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .help = "requests to one host in a second, over time; 0: no limit"},                      \
        {.name = "burst",                                                                          \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("1"),                                                                   \
         .min = 1,                                                                                 \
         .max = 1000,                                                                              \
         .help = "of them, that may come at once after a quiet time"},                             \
        {.name = "throttle",                                                                       \
         .type = TRAWL_OPTION_ENUM,                                                                \
         .choices = "auto|off",                                                                    \
         .default_json = D("\"auto\""),                                                            \
         .help = "\"auto\": fewer requests at once to a host that gets slower"},                   \
        {.name = "rest",                                                                           \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"1s\""),                                                              \
         .min = 1,                                                                                 \
         .max = DAY,                                                                               \
         .help = "how long a host is left alone that says 429 or 503, or keeps failing; it "       \
                 "doubles each time"},                                                             \
        {.name = "rest_max",                                                                       \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"1m\""),                                                              \
         .min = 1,                                                                                 \
         .max = DAY,                                                                               \
         .help = "that grows no further"},                                                         \
        {.name = "robots",                                                                         \
         .type = TRAWL_OPTION_BOOL,                                                                \
         .default_json = D("true"),                                                                \
         .help = "whether robots.txt is heeded"},                                                  \
        {.name = "timeout",                                                                        \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"30s\""),                                                             \
         .min = 1,                                                                                 \
         .max = DAY,                                                                               \
         .help = "longest that one request may take in all"},                                      \
        {.name = "connect_timeout",                                                                \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"10s\""),                                                             \
         .min = 1,                                                                                 \
         .max = HOUR,                                                                              \
         .help = "longest that connecting may take"},                                              \
        {.name = "max_body",                                                                       \
         .type = TRAWL_OPTION_SIZE,                                                                \
         .default_json = D("\"16M\""),                                                             \
         .min = KIB,                                                                               \
         .max = GIB,                                                                               \
         .help = "largest body that is read, after decompression"},                                \
        {.name = "max_pages",                                                                      \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("0"),                                                                   \
         .min = 0,                                                                                 \
         .max = 1e12,                                                                              \
         .help = "pages of a run; 0: no limit"},                                                   \
        {.name = "queue",                                                                          \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("100000"),                                                              \
         .min = 10,                                                                                \
         .max = 1e8,                                                                               \
         .help =                                                                                   \
             "requests to one host that wait in a worker's memory; further ones in the store"},    \
        {.name = "max_depth",                                                                      \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("-1"),                                                                  \
         .min = -1,                                                                                \
         .max = 65535,                                                                             \
         .help = "links from a start page, which has depth 0; -1: no limit"},                      \
        {.name = "max_redirects",                                                                  \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("10"),                                                                  \
         .min = 0,                                                                                 \
         .max = 100,                                                                               \
         .help = "redirects in a row that are followed"},                                          \
        {.name = "max_item",                                                                       \
         .type = TRAWL_OPTION_SIZE,                                                                \
         .default_json = D("\"1M\""),                                                              \
         .min = KIB,                                                                               \
         .max = 64 * MIB,                                                                          \
         .help = "largest item, as JSON"},                                                         \
        {.name = "retries",                                                                        \
         .type = TRAWL_OPTION_INT,                                                                 \
         .default_json = D("3"),                                                                   \
         .min = 0,                                                                                 \
         .max = 100,                                                                               \
         .help = "further attempts after a failure that may pass"},                                \
        {.name = "retry_base",                                                                     \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"500ms\""),                                                           \
         .min = 1,                                                                                 \
         .max = HOUR,                                                                              \
         .help = "largest pause before the first retry; it doubles with each"},                    \
        {.name = "retry_max",                                                                      \
         .type = TRAWL_OPTION_DURATION,                                                            \
         .default_json = D("\"30s\""),                                                             \
         .min = 1,                                                                                 \
         .max = DAY,                                                                               \
         .help = "the pause before a retry grows no further"},                                     \
        {.name = "user_agent",                                                                     \
         .type = TRAWL_OPTION_STRING,                                                              \
         .default_json = D("\"Trawl/0.1\""),                                                       \
         .help = "the User-Agent header"},                                                         \
        {.name = "headers",                                                                        \
         .type = TRAWL_OPTION_MAP,                                                                 \
         .default_json = D("{}"),                                                                  \
         .fields = text,                                                                           \
         .help = "further headers of every request"},                                              \
        {.name = "http2",                                                                          \
         .type = TRAWL_OPTION_BOOL,                                                                \
         .default_json = D("true"),                                                                \
         .help = "HTTP/2 where TLS offers it"},                                                    \
        {.name = "conditional",                                                                    \
         .type = TRAWL_OPTION_BOOL,                                                                \
         .default_json = D("true"),                                                                \
         .help = "ask whether a page has changed since the last run, in place of fetching it"},    \
        {.name = "cookies",                                                                        \
         .type = TRAWL_OPTION_BOOL,                                                                \
         .default_json = D("false"),                                                               \
         .help = "keep the cookies that sites set, for the time of a run"},                        \
        {.name = "proxies",                                                                        \
         .type = TRAWL_OPTION_LIST,                                                                \
         .fields = text,                                                                           \
         .default_json = D("[]"),                                                                  \
         .help = "URLs of proxies, used in turn"},                                                 \
        {.name = "auth",                                                                           \
         .type = TRAWL_OPTION_OBJECT,                                                              \
         .fields = auth,                                                                           \
         .help = "who we are, to hosts that the platform's options name"},                         \
    {                                                                                              \
        .name = "private_networks", .type = TRAWL_OPTION_ENUM, .choices = "start|allow|deny",      \
        .default_json = D("\"start\""),                                                            \
        .help = "addresses that are not public: only for hosts that the platform's options name, " \
                "for all, or for none"                                                             \
    }

#define KEEP(text) text
#define DROP(text) NULL

const struct trawl_option trawl_fetch_table[] = {FETCH_OPTIONS(KEEP), END};
static const struct trawl_option fetch_overrides[] = {FETCH_OPTIONS(DROP), END};

static const struct trawl_option server[] = {
    {.name = "listen",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[\"127.0.0.1:8080\"]",
     .help = "addresses to serve on: \"host:port\", \"[::1]:8080\", \":8080\" for loopback"},
    {.name = "hosts",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "names that a request's Host header may have besides the addresses"},
    {.name = "origins",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "origins of other web pages that may use this server: \"https://example.org\""},
    {.name = "web",
     .type = TRAWL_OPTION_STRING,
     .help = "folder of the dashboard, in place of the one that was built or installed with Trawl"},
    {.name = "gateways",
     .type = TRAWL_OPTION_INT,
     .default_json = "1",
     .min = 1,
     .max = 64,
     .help = "processes that serve; the kernel spreads connections over them"},
    {.name = "heartbeat",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"20s\"",
     .min = 100,
     .max = HOUR,
     .help = "how often a stream proves that it is alive"},
    {.name = "ring",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"4M\"",
     .min = 64 * KIB,
     .max = GIB,
     .help = "encoded events kept in memory for each transport and filter"},
    {.name = "max_connections",
     .type = TRAWL_OPTION_INT,
     .default_json = "10000",
     .min = 1,
     .max = 1000000,
     .help = "connections at once of one gateway"},
    {.name = "max_per_address",
     .type = TRAWL_OPTION_INT,
     .default_json = "0",
     .min = 0,
     .max = 1000000,
     .help = "of them, from one address; 0: no limit, as behind a proxy all have the same"},
    {.name = "max_messages",
     .type = TRAWL_OPTION_INT,
     .default_json = "100",
     .min = 1,
     .max = 1000000,
     .help = "WebSocket messages that a client may send in a second"},
    {.name = "stall_timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"60s\"",
     .min = 100,
     .max = HOUR,
     .help = "when a subscriber that takes nothing of what waits for it is closed"},
    {.name = "max_body",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"1M\"",
     .min = KIB,
     .max = 64 * MIB,
     .help = "largest body of a request to the API"},
    {.name = "max_message",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"64K\"",
     .min = KIB,
     .max = 16 * MIB,
     .help = "largest WebSocket message of a client"},
    {.name = "idle_timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"60s\"",
     .min = 100,
     .max = DAY,
     .help = "when a connection without a request is closed"},
    {.name = "pong_timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"20s\"",
     .min = 100,
     .max = HOUR,
     .help = "when a WebSocket that does not answer pings is closed"},
    END,
};

static const struct trawl_option plugins[] = {
    {.name = "paths",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "folders to look in for plugins before the installed ones"},
    END,
};

static const struct trawl_option workers[] = {
    {.name = "max",
     .type = TRAWL_OPTION_INT,
     .default_json = "8",
     .min = 1,
     .max = 256,
     .help = "worker processes at once"},
    {.name = "grace",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"10s\"",
     .min = 0,
     .max = HOUR,
     .help = "time to finish the pages in flight when stopping"},
    {.name = "restarts",
     .type = TRAWL_OPTION_INT,
     .default_json = "5",
     .min = 0,
     .max = 1000,
     .help = "how often a platform's workers are started again in a run after they died"},
    {.name = "silence",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"10s\"",
     .min = 2 * SECOND,
     .max = HOUR,
     .help = "a worker that says nothing for so long hangs, and is replaced"},
    {.name = "memory",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"2G\"",
     .min = 0,
     .max = 1024 * GIB,
     .help = "most memory of a worker; 0: no limit"},
    {.name = "resume",
     .type = TRAWL_OPTION_ENUM,
     .choices = "auto|manual|never",
     .default_json = "\"auto\"",
     .help = "whether interrupted runs go on: when the server starts, when asked to, or never"},
    END,
};

static const struct trawl_option journal[] = {
    {.name = "keep_events",
     .type = TRAWL_OPTION_INT,
     .default_json = "1000000",
     .min = 1000,
     .max = 1e12,
     .help = "events kept for those who come back"},
    {.name = "keep",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"30d\"",
     .min = MINUTE,
     .max = 36500 * DAY,
     .help = "and for how long"},
    END,
};

static const struct trawl_option runs[] = {
    {.name = "keep",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "0",
     .min = 0,
     .max = 36500 * DAY,
     .help = "how long a run that is over is kept; 0: for ever"},
    END,
};

static const struct trawl_option schedule[] = {
    {.name = "cron",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "when: five fields (\"30 4 * * mon-fri\"), @daily and its kin, or \"@every 15m\""},
    {.name = "timezone",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"UTC\"",
     .help = "whose clock the five fields speak of: \"Europe/Berlin\""},
    {.name = "jitter",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"0s\"",
     .min = 0,
     .max = DAY,
     .help = "each run is put off by a random time up to this"},
    {.name = "misfire",
     .type = TRAWL_OPTION_ENUM,
     .choices = "skip|coalesce|all",
     .default_json = "\"coalesce\"",
     .help = "due times that passed while nothing could start: none, one run for all, or all"},
    {.name = "overlap",
     .type = TRAWL_OPTION_ENUM,
     .choices = "skip|queue|replace|allow",
     .default_json = "\"skip\"",
     .help = "what is due while the platform is running: left out, started after it, in its place, "
             "or beside it"},
    {.name = "on_suspect",
     .type = TRAWL_OPTION_ENUM,
     .choices = "run|pause",
     .default_json = "\"run\"",
     .help = "whether the schedule goes on after a run that ended as suspect"},
    END,
};

static const struct trawl_option platform[] = {
    {.name = "plugin",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "the scraper plugin: its name, or the path of its file"},
    {.name = "options",
     .type = TRAWL_OPTION_ANY,
     .default_json = "{}",
     .help = "the plugin's options"},
    {.name = "fetch",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = fetch_overrides,
     .help = "what this platform fetches differently from the top level's \"fetch\""},
    {.name = "overridable",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "options that whoever starts a run may set"},
    {.name = "shards",
     .type = TRAWL_OPTION_INT,
     .choices = "auto",
     .default_json = "1",
     .min = 1,
     .max = 64,
     .help = "workers that share a run of it; \"auto\": as many as there are cores"},
    {.name = "schedule",
     .type = TRAWL_OPTION_OBJECT,
     .fields = schedule,
     .shorthand = "cron",
     .help = "when a server runs it by itself; a string is its \"cron\""},
    {.name = "suspect",
     .type = TRAWL_OPTION_ENUM,
     .choices = "auto|off",
     .default_json = "\"auto\"",
     .help = "whether a run ends as suspect that found something quite unlike its last ones"},
    {.name = "enabled",
     .type = TRAWL_OPTION_BOOL,
     .default_json = "true",
     .help = "whether a run of all platforms has this one, and its schedule holds"},
    END,
};

static const struct trawl_option transport[] = {
    {.name = "plugin",
     .type = TRAWL_OPTION_STRING,
     .help = "the transport plugin; without it the one that is named like the transport"},
    {.name = "options",
     .type = TRAWL_OPTION_ANY,
     .default_json = "{}",
     .help = "the plugin's options"},
    {.name = "required",
     .type = TRAWL_OPTION_BOOL,
     .default_json = "false",
     .help = "whether nothing starts without it"},
    {.name = "stall_timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"5m\"",
     .min = 100,
     .max = DAY,
     .help = "longest that one call of a transport that pushes may take; the process it hangs in "
             "is ended"},
    END,
};

static const struct trawl_option chain[] = {
    {.name = "order",
     .type = TRAWL_OPTION_LIST,
     .required = true,
     .fields = text,
     .help = "names of transports, the best first"},
    {.name = "failures",
     .type = TRAWL_OPTION_INT,
     .default_json = "3",
     .min = 1,
     .max = 1000,
     .help = "failures in a row after which the next transport is used"},
    {.name = "retry_after",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"30s\"",
     .min = 100,
     .max = DAY,
     .help = "when a better transport is tried again"},
    {.name = "events",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "names of the events that are pushed, such as \"run.*\" or \"item.new\"; none: all"},
    {.name = "platforms",
     .type = TRAWL_OPTION_LIST,
     .fields = text,
     .default_json = "[]",
     .help = "whose events are pushed; none: of all"},
    {.name = "since",
     .type = TRAWL_OPTION_ENUM,
     .choices = "now|begin",
     .default_json = "\"now\"",
     .help = "where a chain that is new begins: with what comes, or with all that the journal has"},
    {.name = "rate",
     .type = TRAWL_OPTION_INT,
     .default_json = "10000",
     .min = 0,
     .max = 1e9,
     .help = "events a second, at most, while a chain catches up; 0: no limit"},
    END,
};

static const struct trawl_option chain_entry[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = chain},
};

static const struct trawl_option platform_entry[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = platform},
};

static const struct trawl_option transport_entry[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = transport},
};

const char *const trawl__config_transports[] = {"websocket", "sse", "poll", NULL};

const struct trawl_option trawl_config_table[] = {
    {.name = "$schema",
     .type = TRAWL_OPTION_STRING,
     .help = "where editors find the description of this file: \"trawl.schema.json\""},
    {.name = "data",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"data\"",
     .help = "folder of the store"},
    {.name = "server",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = server,
     .help = "who may connect, and how"},
    {.name = "plugins",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = plugins,
     .help = "where plugins are found"},
    {.name = "workers",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = workers,
     .help = "the processes that scrape"},
    {.name = "journal",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = journal,
     .help = "how much of the past those who come back can get"},
    {.name = "runs",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = runs,
     .help = "how long runs are kept"},
    {.name = "fetch",
     .type = TRAWL_OPTION_OBJECT,
     .default_json = "{}",
     .fields = trawl_fetch_table,
     .help = "how every platform fetches, unless it says otherwise"},
    {.name = "platforms",
     .type = TRAWL_OPTION_MAP,
     .default_json = "{}",
     .fields = platform_entry,
     .help = "what is scraped, by name"},
    {.name = "transports",
     .type = TRAWL_OPTION_MAP,
     .default_json = "{\"websocket\": {}, \"sse\": {}, \"poll\": {}}",
     .fields = transport_entry,
     .help = "ways to bring events to someone, by name"},
    {.name = "chains",
     .type = TRAWL_OPTION_MAP,
     .default_json = "{}",
     .fields = chain_entry,
     .help = "the order in which transports are used: \"live\" for those who watch, and any number "
             "that push"},
    END,
};
