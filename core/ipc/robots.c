#include "ipc/robots.h"

#include <errno.h>

int trawl_robots_answer_encode(const struct trawl_robots_answer *answer, struct trawl_buf *buf)
{
    int r = trawl_wire_put_str(buf, answer->host);

    if (r == 0)
        r = trawl_wire_put_u8(buf, answer->state);
    if (r == 0)
        r = trawl_wire_put_u16(buf, answer->status);
    if (r == 0)
        r = trawl_wire_put_str(buf, answer->kind);
    if (r == 0)
        r = trawl_wire_put_str(buf, answer->reason);
    if (r == 0)
        r = trawl_wire_put_str(buf, answer->body);
    return r;
}

int trawl_robots_answer_decode(const void *payload, size_t len,
                               struct trawl_robots_answer *ret_answer)
{
    struct trawl_wire wire;

    trawl_wire_init(&wire, payload, len);
    ret_answer->host = trawl_wire_get_str(&wire);
    ret_answer->state = trawl_wire_get_u8(&wire);
    ret_answer->status = trawl_wire_get_u16(&wire);
    ret_answer->kind = trawl_wire_get_str(&wire);
    ret_answer->reason = trawl_wire_get_str(&wire);
    ret_answer->body = trawl_wire_get_str(&wire);
    if (ret_answer->state > TRAWL_ROBOTS_REFUSED)
        return -EBADMSG;
    return trawl_wire_end(&wire);
}
