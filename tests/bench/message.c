#include "message.h"

#include <stdbool.h>
#include <string.h>

/* {"id":"5f3a9c01-1842","type":"item_changed","timestamp":"2026-01-31T12:00:00.123Z",… */
#define ID_KEY       "{\"id\":\""
#define SEQ_AT       (sizeof(ID_KEY) - 1 + sizeof("5f3a9c01-") - 1)
#define TYPE_KEY     "\",\"type\":\""
#define TIME_KEY     "\"timestamp\":\""
#define TIME_OF_DAY  11 /* of a timestamp, where the time of day begins */
#define DAY_MS       86400000
#define LINE_KEY     "data: "
#define OPCODE_TEXT  1
#define OPCODE_CLOSE 8
#define OPCODE_PING  9

#define LENGTH(literal) (sizeof(literal) - 1)

static bool begins_with(const char *text, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && memcmp(text, with, with_len) == 0;
}

static void read_id(struct message *message)
{
    const char *at = message->text + SEQ_AT, *end = message->text + message->len;

    if (!begins_with(message->text, message->len, ID_KEY, LENGTH(ID_KEY)))
        return;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        message->seq = 10 * message->seq + (uint64_t)(*at - '0');
    if (!begins_with(at, (size_t)(end - at), TYPE_KEY, LENGTH(TYPE_KEY)))
        return;
    at += LENGTH(TYPE_KEY);
    message->kind = MESSAGE_EVENT;
    if (begins_with(at, (size_t)(end - at), "heartbeat", LENGTH("heartbeat")) ||
        begins_with(at, (size_t)(end - at), "snapshot", LENGTH("snapshot")))
        message->kind = MESSAGE_STATE;
}

/* Length of the head, 0 if it is not there as a whole. */
static size_t frame_size(const uint8_t *bytes, size_t len, size_t *ret_text)
{
    size_t head = len < 2 ? 0 : bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;

    if (head == 0 || len < head)
        return 0;
    *ret_text = bytes[1];
    if (head > 2)
        *ret_text = 0;
    for (size_t i = 2; i < head; i++)
        *ret_text = *ret_text << 8 | bytes[i];
    return head;
}

size_t message_from_frame(const char *bytes, size_t len, struct message *ret_message)
{
    size_t text_len = 0, head = frame_size((const uint8_t *)bytes, len, &text_len);

    if (head == 0 || len - head < text_len)
        return 0;
    *ret_message = (struct message){.text = bytes + head, .len = text_len};
    switch (bytes[0] & 0xf) {
    case OPCODE_TEXT:
        read_id(ret_message);
        break;
    case OPCODE_PING:
        ret_message->kind = MESSAGE_PING;
        break;
    case OPCODE_CLOSE:
        ret_message->kind = MESSAGE_END;
        break;
    default:
        break;
    }
    return head + text_len;
}

size_t message_from_line(const char *bytes, size_t len, struct message *ret_message)
{
    const char *end = memchr(bytes, '\n', len);

    if (!end)
        return 0;
    *ret_message = (struct message){.kind = MESSAGE_NONE};
    if (begins_with(bytes, (size_t)(end - bytes), LINE_KEY, LENGTH(LINE_KEY))) {
        ret_message->text = bytes + LENGTH(LINE_KEY);
        ret_message->len = (size_t)(end - ret_message->text);
        read_id(ret_message);
    }
    return (size_t)(end - bytes) + 1;
}

static int two_digits(const char *at)
{
    return 10 * (at[0] - '0') + at[1] - '0';
}

int message_age_ms(const struct message *message, int64_t now_ms)
{
    const char *at = memmem(message->text, message->len, TIME_KEY, LENGTH(TIME_KEY));
    int64_t then_ms, age_ms;

    if (!at || message->text + message->len - at < 40)
        return -1;
    at += LENGTH(TIME_KEY) + TIME_OF_DAY;
    then_ms = two_digits(at) * 3600000ll + two_digits(at + 3) * 60000ll +
              two_digits(at + 6) * 1000ll + (at[9] - '0') * 100ll + two_digits(at + 10);
    age_ms = (now_ms % DAY_MS - then_ms + DAY_MS) % DAY_MS;
    return age_ms < DAY_MS / 2 ? (int)age_ms : 0; /* the clocks' granularity */
}
