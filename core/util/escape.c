#include "util/escape.h"

int trawl_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool trawl_url_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

int trawl_percent_value(const char *at, const char *end)
{
    int high;
    int low;

    if (end - at < TRAWL_PERCENT_SIZE || *at != '%')
        return -1;
    high = trawl_hex_digit(at[1]);
    low = trawl_hex_digit(at[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void trawl_percent_write(char out[TRAWL_PERCENT_SIZE], unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";

    out[0] = '%';
    out[1] = digits[byte >> 4];
    out[2] = digits[byte & 15];
}
