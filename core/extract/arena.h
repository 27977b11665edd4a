/* Memory under libxml2, page by page.
 *
 * A tree is tens of thousands of small allocations that all die together. Between begin and end, what this thread's
 * libxml2 asks for comes from one region that is dropped whole, so nothing that was made in between may be used, or be
 * freed, after the end; outside of it, malloc() serves as ever. Compiled selectors, which live longer, are made outside.
 */
#ifndef TRAWL_EXTRACT_ARENA_H
#define TRAWL_EXTRACT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Most memory that libxml2 gets for one page; beyond, the page fails for want of memory. A page of 16 MB in tags as short
 * as they can be takes about half of it. */
#define TRAWL_ARENA_MAX ((size_t)2 << 30)

/* Put under libxml2: once in a process, before anything else of libxml2 is called. */
void trawl_arena_install(void);

/* False if there is no region to be had, or none is wanted (under the address sanitizer, which must see each
 * allocation), or within another scope: then there is no end to call, and everything is freed one by one. */
bool trawl_arena_begin(void);
void trawl_arena_end(void);

/* What is made between the two is to outlive a scope that may be open. */
bool trawl_arena_pause(void);
void trawl_arena_resume(bool paused);

#endif
