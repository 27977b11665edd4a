#include "supervisor/crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/fs.h"

/* /proc/vmstat has some kilobytes. */
#define VMSTAT_MAX ((size_t)256 << 10)

uint64_t trawl_crash_kernel_kills(void)
{
    TRAWL_AUTO_FREE char *text = NULL;
    const char *line;
    size_t len = 0;

    if (trawl_fs_read("/proc/vmstat", VMSTAT_MAX, &text, &len) < 0)
        return 0;
    line = strstr(text, "\noom_kill ");
    return line ? strtoull(line + strlen("\noom_kill "), NULL, 10) : 0;
}

/* Somebody's kill -9 says nothing about the page that it came at; the kernel's does, and so do crashes, exits and silence. */
static bool is_the_pages_fault(const struct trawl_crash_facts *facts,
                               const struct trawl_trail *trail)
{
    if (trail->call == TRAWL_CALL_NONE || !trail->has_request)
        return false;
    if (facts->killed)
        return facts->silent;
    return facts->signal != SIGKILL || facts->kernel_killed;
}

static void describe_call(const struct trawl_crash_facts *facts, const struct trawl_trail *trail,
                          char *room, size_t size)
{
    room[0] = '\0';
    if (trail->call == TRAWL_CALL_NONE)
        return;
    if (trail->help != TRAWL_HELP_NONE)
        snprintf(room, size, " in %s(), called by %s() of plugin '%.100s'",
                 trawl_help_name(trail->help), trawl_call_name(trail->call), facts->plugin);
    else
        snprintf(room, size, " in %s() of plugin '%.100s'", trawl_call_name(trail->call),
                 facts->plugin);
}

static void describe_memory(const struct trawl_crash_facts *facts, const struct trawl_trail *trail,
                            char *room, size_t size)
{
    room[0] = '\0';
    if (trail->out_of_memory)
        snprintf(room, size, ", out of memory: workers.memory is %llu MiB",
                 (unsigned long long)(facts->memory_bytes >> 20));
    else if (facts->signal == SIGKILL && !facts->killed && facts->kernel_killed)
        snprintf(room, size, ", as the machine was out of memory");
}

/* The text goes into the journal, which is UTF-8, and a name may have been cut within a character. */
static void make_ascii(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            *text = '?';
    }
}

void trawl_crash_judge(const struct trawl_crash_facts *facts, const struct trawl_trail *trail,
                       struct trawl_crash *ret_crash)
{
    char call[192];
    char memory[96];

    describe_call(facts, trail, call, sizeof(call));
    describe_memory(facts, trail, memory, sizeof(memory));
    snprintf(ret_crash->what, sizeof(ret_crash->what), "%.90s%s%s", facts->how, call, memory);
    make_ascii(ret_crash->what);
    ret_crash->blames_page = is_the_pages_fault(facts, trail);
    ret_crash->page = trail->fingerprint;
    memcpy(ret_crash->url, trail->url, sizeof(ret_crash->url));
}
