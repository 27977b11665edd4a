#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "journal/phase.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/log.h"

#define BAR_WIDTH    30
#define REDRAW_NS    50000000u   /* bars: twenty pictures a second look smooth */
#define LINE_NS      1000000000u /* lines: one a second and platform */
#define COLUMNS_MAX  200
#define NAME_COLUMNS 16

struct progress_platform {
    char name[64];
    char phase[16];
    char message[256];
    uint64_t current;
    uint64_t total;
    uint64_t items;
    uint64_t failed;
    uint64_t line_ns; /* when its last line was printed */
};

struct trawl_progress {
    FILE *to;
    enum trawl_progress_form form;
    bool color;
    struct progress_platform *platforms;
    size_t count;
    size_t drawn; /* lines that the next picture is drawn over */
    uint64_t drawn_ns;
};

struct trawl_progress *trawl_progress_create(FILE *to, enum trawl_progress_form form, bool color)
{
    struct trawl_progress *progress = TRAWL_NEW(struct trawl_progress);

    progress->to = to;
    progress->form = form;
    progress->color = color;
    return progress;
}

void trawl_progress_bar(char *room, size_t size, unsigned width, uint64_t current, uint64_t total)
{
    unsigned filled;
    unsigned at = 0;

    if (size < (size_t)width + 3 || width < 4) {
        if (size > 0)
            room[0] = '\0';
        return;
    }
    room[at++] = '[';
    memset(room + 1, ' ', width);
    if (total > 0) {
        if (current > total)
            current = total;
        filled = (unsigned)((double)current / (double)total * width);
        memset(room + 1, '=', filled);
        if (filled < width)
            room[1 + filled] = '>';
    } else {
        filled = (unsigned)(current % (width - 2));
        room[1 + filled] = '<';
        room[2 + filled] = '=';
        room[3 + filled] = '>';
    }
    room[1 + width] = ']';
    room[2 + width] = '\0';
}

/* --- one platform -------------------------------------------------------------------------------- */

static struct progress_platform *progress_platform(struct trawl_progress *progress,
                                                   const char *name)
{
    struct progress_platform *platform;

    for (size_t i = 0; i < progress->count; i++) {
        if (strcmp(progress->platforms[i].name, name) == 0)
            return &progress->platforms[i];
    }
    progress->platforms =
        trawl_xrealloc(progress->platforms, (progress->count + 1) * sizeof(*progress->platforms));
    platform = &progress->platforms[progress->count++];
    memset(platform, 0, sizeof(*platform));
    snprintf(platform->name, sizeof(platform->name), "%s", name);
    return platform;
}

static void progress_read(struct progress_platform *platform, const json_t *data)
{
    platform->current = (uint64_t)trawl_json_int(data, "current", 0);
    platform->total = (uint64_t)trawl_json_int(data, "total", 0);
    platform->items = (uint64_t)trawl_json_int(data, "items", 0);
    platform->failed = (uint64_t)trawl_json_int(data, "failed", 0);
    snprintf(platform->phase, sizeof(platform->phase), "%s", trawl_json_string(data, "phase", ""));
    /* A message may hold what a site said: it must not move the cursor. */
    trawl_log_quote(platform->message, sizeof(platform->message),
                    trawl_json_string(data, "message", ""));
}

static const char *progress_color(const struct trawl_progress *progress, const char *phase)
{
    enum trawl_phase parsed;

    if (!progress->color || trawl_phase_parse(phase, &parsed) < 0)
        return "";
    if (parsed == TRAWL_PHASE_COMPLETED)
        return "\033[32m";
    if (parsed == TRAWL_PHASE_FAILED)
        return "\033[31m";
    return trawl_phase_is_end(parsed) ? "\033[33m" : "\033[36m";
}

static void progress_line(struct trawl_progress *progress, const struct progress_platform *platform)
{
    char total[32] = "";

    if (platform->total > 0)
        snprintf(total, sizeof(total), "/%llu", (unsigned long long)platform->total);
    fprintf(progress->to, "%s: %s, %llu%s pages, %llu items, %llu failed%s%s\n", platform->name,
            platform->phase, (unsigned long long)platform->current, total,
            (unsigned long long)platform->items, (unsigned long long)platform->failed,
            platform->message[0] ? ": " : "", platform->message);
}

/* --- the picture --------------------------------------------------------------------------------- */

static int progress_columns(const struct trawl_progress *progress)
{
    struct winsize size;

    if (ioctl(fileno(progress->to), TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static void progress_draw_platform(struct trawl_progress *progress,
                                   const struct progress_platform *platform, int columns)
{
    const char *color = progress_color(progress, platform->phase);
    char bar[BAR_WIDTH + 3];
    char text[512];
    int len;

    trawl_progress_bar(bar, sizeof(bar), BAR_WIDTH, platform->current, platform->total);
    len = snprintf(text, sizeof(text), "%-*.*s %s %llu/%llu  %llu items", NAME_COLUMNS,
                   NAME_COLUMNS, platform->name, bar, (unsigned long long)platform->current,
                   (unsigned long long)platform->total, (unsigned long long)platform->items);
    if (platform->failed > 0 && len < (int)sizeof(text))
        len += snprintf(text + len, sizeof(text) - (size_t)len, "  %llu failed",
                        (unsigned long long)platform->failed);
    if (len < (int)sizeof(text))
        snprintf(text + len, sizeof(text) - (size_t)len, "  %s%s%s", platform->phase,
                 platform->message[0] ? ": " : "", platform->message);
    /* A line that wraps would be drawn over in part only. */
    fprintf(progress->to, "\r\033[K%s%.*s%s\n", color, columns - 1, text,
            color[0] ? "\033[0m" : "");
}

static void progress_draw(struct trawl_progress *progress)
{
    int columns = progress_columns(progress);

    if (progress->drawn > 0)
        fprintf(progress->to, "\033[%zuA", progress->drawn);
    for (size_t i = 0; i < progress->count; i++)
        progress_draw_platform(progress, &progress->platforms[i], columns);
    progress->drawn = progress->count;
    progress->drawn_ns = trawl_mono_ns();
    fflush(progress->to);
}

/* --- events -------------------------------------------------------------------------------------- */

static void progress_json(struct trawl_progress *progress, uint32_t epoch,
                          const struct trawl_event *event)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, 1u << 20);
    if (trawl_event_write(event, epoch, &buf) == 0)
        fprintf(progress->to, "%s\n", trawl_buf_text(&buf));
    trawl_buf_finish(&buf);
}

static void progress_show(struct trawl_progress *progress, struct progress_platform *platform,
                          bool phase_changed)
{
    uint64_t now_ns = trawl_mono_ns();

    if (progress->form == TRAWL_PROGRESS_BARS) {
        if (phase_changed || now_ns - progress->drawn_ns >= REDRAW_NS)
            progress_draw(progress);
        return;
    }
    if (!phase_changed && now_ns - platform->line_ns < LINE_NS)
        return;
    platform->line_ns = now_ns;
    progress_line(progress, platform);
}

void trawl_progress_event(struct trawl_progress *progress, uint32_t epoch,
                          const struct trawl_event *event)
{
    struct progress_platform *platform;
    json_auto_t *data = NULL;
    TRAWL_AUTO_FREE char *name = NULL;
    char phase[sizeof(platform->phase)];

    if (progress->form == TRAWL_PROGRESS_NONE)
        return;
    if (progress->form == TRAWL_PROGRESS_JSON) {
        progress_json(progress, epoch, event);
        return;
    }
    if (event->type != TRAWL_EVENT_PROGRESS || event->platform.len == 0 ||
        trawl_json_parse(event->data.ptr, event->data.len, &data, NULL) < 0)
        return;
    name = trawl_xstrndup(event->platform.ptr, event->platform.len);
    platform = progress_platform(progress, name);
    snprintf(phase, sizeof(phase), "%s", platform->phase);
    progress_read(platform, data);
    progress_show(progress, platform, strcmp(phase, platform->phase) != 0);
}

void trawl_progress_destroy(struct trawl_progress *progress)
{
    if (!progress)
        return;
    if (progress->form == TRAWL_PROGRESS_BARS)
        progress_draw(progress);
    free(progress->platforms);
    free(progress);
}
