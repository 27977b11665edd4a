/* The one symbol that a plugin exports.
 *
 *     TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
 *         TRAWL_PLUGIN_HEADER,
 *         .name = "example",
 *         .version = "1.0.0",
 *         .scraper = &example_ops,
 *     };
 *
 * The three numbers come first because they protect the rest. A plugin is loaded if its major equals
 * the host's and its minor does not exceed the host's; `size` says how much of the struct its build
 * knew. Structs grow only at their end: an addition raises the minor, anything else the major.
 *
 * ABI history
 *   1.0  first version
 *   1.1  struct trawl_plugin: traits
 *   1.2  struct trawl_scraper_host: sitemap_read, patterns_compile, patterns_match, patterns_free
 *   1.3  struct trawl_transport_ops: push; struct trawl_transport_host: stopping; TRAWL_ENDPOINT_POLL; struct
 *        trawl_subscription: timeout_ms
 */
#ifndef TRAWL_PLUGIN_H
#define TRAWL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "trawl/option.h"

#define TRAWL_ABI_MAJOR 1
#define TRAWL_ABI_MINOR 3

/* A scraper whose on_response() goes by the response and the options alone: what it emits for a page does not depend on the
 * pages before it. Then a page that the server says is unchanged need not be fetched: its items and requests of last time
 * stand for it. */
#define TRAWL_SCRAPER_PAGEWISE 1u

struct trawl_scraper_ops;   /* trawl/scraper.h */
struct trawl_transport_ops; /* trawl/transport.h */

struct trawl_plugin {
    uint16_t abi_major;   /* must equal the host's */
    uint16_t abi_minor;   /* must not exceed the host's */
    uint32_t size;        /* sizeof(struct trawl_plugin) in the plugin's build */
    uint32_t option_size; /* sizeof(struct trawl_option) in the plugin's build */
    const char *name;     /* [a-z][a-z0-9-]*, the name that a configuration uses */
    const char *version;
    const char *summary;                         /* one line for `trawl plugin list` */
    const struct trawl_option *options;          /* up to TRAWL_OPTION_END; NULL: takes none */
    const struct trawl_scraper_ops *scraper;     /* NULL if this is not a scraper */
    const struct trawl_transport_ops *transport; /* NULL if this is not a transport */
    uint32_t traits;                             /* TRAWL_SCRAPER_… */
};

#define TRAWL_PLUGIN_HEADER                                                                        \
    .abi_major = TRAWL_ABI_MAJOR, .abi_minor = TRAWL_ABI_MINOR,                                    \
    .size = sizeof(struct trawl_plugin), .option_size = sizeof(struct trawl_option)

#define TRAWL_EXPORT __attribute__((visibility("default")))

#endif
