/* When subscribers are written to. Events that come after a pause leave at once; dense ones wait for the next pass through all
 * subscribers, which does a slice in each turn of the loop. What comes meanwhile is taken in between, and leaves to the rest of
 * them with the same pass: no event waits longer than for one pass and one pause. */
#include "gateway/gateway_priv.h"
#include "util/clock.h"

/* Fewer and larger writes are cheaper ones, so a pass is followed by a pause that nobody sees: half of what the pass took, within
 * bounds. The lower one is for few subscribers, and counts from the beginning of the pass. */
#define FLUSH_INTERVAL_MIN_NS 5000000ull
#define FLUSH_PAUSE_MAX_NS    8000000ull
/* Subscribers of one slice. */
#define FLUSH_SLICE 64

static void pass_begin(struct trawl_gateway *gateway)
{
    for (size_t i = 0; i < gateway->hub_count; i++)
        hub_flush_begin(gateway->hubs[i]);
}

/* True once the pass is over. */
static bool pass_go_on(struct trawl_gateway *gateway, unsigned slice)
{
    for (size_t i = 0; i < gateway->hub_count && slice > 0; i++)
        slice -= hub_flush_some(gateway->hubs[i], slice);
    return slice > 0;
}

static void set_next(struct trawl_gateway *gateway)
{
    uint64_t now = trawl_mono_ns();
    uint64_t pause = (now - gateway->pass_began_ns) / 2;
    uint64_t earliest = gateway->pass_began_ns + FLUSH_INTERVAL_MIN_NS;

    if (pause > FLUSH_PAUSE_MAX_NS)
        pause = FLUSH_PAUSE_MAX_NS;
    gateway->pass_next_ns = now + pause > earliest ? now + pause : earliest;
}

static void pass_end(struct trawl_gateway *gateway)
{
    uv_idle_stop(&gateway->flush_pass);
    set_next(gateway);
    for (size_t i = 0; i < gateway->hub_count; i++) {
        if (hub_has_news(gateway->hubs[i])) {
            gateway_flush_soon(gateway);
            return;
        }
    }
}

static void on_slice(uv_idle_t *idle)
{
    if (pass_go_on(idle->data, FLUSH_SLICE))
        pass_end(idle->data);
}

static void start_pass(struct trawl_gateway *gateway)
{
    gateway->pass_began_ns = trawl_mono_ns();
    pass_begin(gateway);
    uv_idle_start(&gateway->flush_pass, on_slice);
    on_slice(&gateway->flush_pass);
}

static void on_later(uv_timer_t *timer)
{
    start_pass(timer->data);
}

/* Comes when this turn's input is done, before the loop would sleep: all that came at once leaves at once. */
static void on_soon(uv_prepare_t *prepare)
{
    struct trawl_gateway *gateway = prepare->data;
    uint64_t now = trawl_mono_ns();

    uv_prepare_stop(prepare);
    if (now >= gateway->pass_next_ns)
        start_pass(gateway);
    else
        uv_timer_start(&gateway->flush_later, on_later, (gateway->pass_next_ns - now) / 1000000 + 1,
                       0);
}

void gateway_flush_soon(struct trawl_gateway *gateway)
{
    if (!uv_is_active((uv_handle_t *)&gateway->flush_pass) &&
        !uv_is_active((uv_handle_t *)&gateway->flush_later))
        uv_prepare_start(&gateway->flush_soon, on_soon);
}

void gateway_flush(struct trawl_gateway *gateway)
{
    uv_prepare_stop(&gateway->flush_soon);
    uv_timer_stop(&gateway->flush_later);
    uv_idle_stop(&gateway->flush_pass);
    pass_go_on(gateway, UINT_MAX);
    pass_begin(gateway);
    pass_go_on(gateway, UINT_MAX);
}

void gateway_flush_init(struct trawl_gateway *gateway)
{
    uv_prepare_init(&gateway->loop, &gateway->flush_soon);
    uv_timer_init(&gateway->loop, &gateway->flush_later);
    uv_idle_init(&gateway->loop, &gateway->flush_pass);
    gateway->flush_soon.data = gateway;
    gateway->flush_later.data = gateway;
    gateway->flush_pass.data = gateway;
}

void gateway_flush_close(struct trawl_gateway *gateway)
{
    uv_close((uv_handle_t *)&gateway->flush_soon, NULL);
    uv_close((uv_handle_t *)&gateway->flush_later, NULL);
    uv_close((uv_handle_t *)&gateway->flush_pass, NULL);
}
