#include "extract/utf8.h"

#include <string.h>

/* Bytes that may follow a lead byte: how many, and the range of the first (Unicode 15, table 3-7). */
static size_t lead_byte(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *ret_low = 0xa0; /* shorter forms exist */
        if (lead == 0xed)
            *ret_high = 0x9f; /* surrogates */
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *ret_low = 0x90;
        if (lead == 0xf4)
            *ret_high = 0x8f; /* beyond U+10FFFF */
        return 3;
    }
    return 0;
}

size_t trawl__utf8_char(const char *bytes, size_t len, size_t *ret_bad)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint8_t low, high;
    size_t follow;

    *ret_bad = 1;
    if (len == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    follow = lead_byte(at[0], &low, &high);
    if (follow == 0)
        return 0;
    for (size_t i = 1; i <= follow; i++) {
        if (i == len || at[i] < low || at[i] > high) {
            *ret_bad = i;
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return follow + 1;
}

bool trawl__utf8_valid(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    size_t bad;

    while (bytes < end) {
        uint64_t word;
        size_t step;
        /* Most text is ASCII: eight bytes at a time. */
        while (end - bytes >= 8) {
            memcpy(&word, bytes, sizeof(word));
            if (word & 0x8080808080808080u)
                break;
            bytes += 8;
        }
        if (bytes == end)
            break;
        step = trawl__utf8_char(bytes, (size_t)(end - bytes), &bad);
        if (step == 0)
            return false;
        bytes += step;
    }
    return true;
}

size_t trawl__utf8_put(char *room, uint32_t code)
{
    if (code < 0x80) {
        room[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        room[0] = (char)(0xc0 | code >> 6);
        room[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        room[0] = (char)(0xe0 | code >> 12);
        room[1] = (char)(0x80 | (code >> 6 & 0x3f));
        room[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    room[0] = (char)(0xf0 | code >> 18);
    room[1] = (char)(0x80 | (code >> 12 & 0x3f));
    room[2] = (char)(0x80 | (code >> 6 & 0x3f));
    room[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
