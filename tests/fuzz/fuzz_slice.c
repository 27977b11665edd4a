/* Any bytes as an object: no fault, and the slices lie in order within what was given. */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct place {
    const char *at;
    const char *end;
};

static int check(void *user, const char *name, size_t name_len, const char *value, size_t value_len)
{
    struct place *place = user;
    size_t len;

    if (name < place->at || value < name + name_len || value + value_len > place->end)
        abort();
    place->at = value + value_len;
    free(slice_string(name, name_len, &len));
    free(slice_string(value, value_len, &len));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct place place = {.at = (const char *)data, .end = (const char *)data + size};

    slice_object((const char *)data, size, check, &place);
    return 0;
}
