#include "extract/jq_value.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: doubles count by ones up to here */

static jv from_json(const json_t *value, bool *inexact, int depth);

static jv from_array(const json_t *value, bool *inexact, int depth)
{
    jv array = jv_array_sized((int)json_array_size(value));

    for (size_t i = 0; i < json_array_size(value); i++) {
        jv element = from_json(json_array_get(value, i), inexact, depth + 1);
        if (!jv_is_valid(element)) {
            jv_free(array);
            return element;
        }
        array = jv_array_append(array, element);
    }
    return array;
}

static jv from_object(const json_t *value, bool *inexact, int depth)
{
    json_t *object = (json_t *)value; /* jansson's iterators take no const */
    jv result = jv_object();

    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        jv member = from_json(json_object_iter_value(it), inexact, depth + 1);
        if (!jv_is_valid(member)) {
            jv_free(result);
            return member;
        }
        result = jv_object_set(result, jv_string(json_object_iter_key(it)), member);
    }
    return result;
}

static jv from_json(const json_t *value, bool *inexact, int depth)
{
    if (depth > TRAWL_JQ_DEPTH_MAX)
        return jv_invalid();
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return from_object(value, inexact, depth);
    case JSON_ARRAY:
        return from_array(value, inexact, depth);
    case JSON_STRING:
        return jv_string_sized(json_string_value(value), (int)json_string_length(value));
    case JSON_INTEGER: {
        json_int_t number = json_integer_value(value);
        if (number > (json_int_t)EXACT_MAX || number < -(json_int_t)EXACT_MAX)
            *inexact = true;
        return jv_number((double)number);
    }
    case JSON_REAL:
        return jv_number(json_real_value(value));
    case JSON_TRUE:
        return jv_true();
    case JSON_FALSE:
        return jv_false();
    case JSON_NULL:
        break;
    }
    return jv_null();
}

jv trawl__jq_from_json(const json_t *value, bool *inexact)
{
    return from_json(value, inexact, 0);
}

static json_t *number_to_json(double number)
{
    if (isnan(number))
        return json_null();
    if (isinf(number)) /* as jq itself writes it */
        return json_real(number > 0 ? DBL_MAX : -DBL_MAX);
    if (number > -EXACT_MAX && number < EXACT_MAX && number == (double)(json_int_t)number)
        return json_integer((json_int_t)number);
    return json_real(number);
}

static json_t *to_json(jv value, int depth);

static json_t *array_to_json(jv value, int depth)
{
    json_t *array = json_array();
    int count = jv_array_length(jv_copy(value));

    for (int i = 0; i < count; i++) {
        json_t *element = to_json(jv_array_get(jv_copy(value), i), depth + 1);
        if (!element || json_array_append_new(array, element) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *object_to_json(jv value, int depth)
{
    json_t *object = json_object();

    for (int it = jv_object_iter(value); jv_object_iter_valid(value, it);
         it = jv_object_iter_next(value, it)) {
        jv key = jv_object_iter_key(value, it);
        json_t *member = to_json(jv_object_iter_value(value, it), depth + 1);
        int r = member ? json_object_setn_new_nocheck(object, jv_string_value(key),
                                                      strlen(jv_string_value(key)), member)
                       : -1;
        jv_free(key);
        if (r < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *to_json(jv value, int depth)
{
    json_t *result = NULL;

    if (depth <= TRAWL_JQ_DEPTH_MAX) {
        switch (jv_get_kind(value)) {
        case JV_KIND_OBJECT:
            result = object_to_json(value, depth);
            break;
        case JV_KIND_ARRAY:
            result = array_to_json(value, depth);
            break;
        case JV_KIND_STRING:
            result = json_stringn_nocheck(jv_string_value(value),
                                          (size_t)jv_string_length_bytes(jv_copy(value)));
            break;
        case JV_KIND_NUMBER:
            result = number_to_json(jv_number_value(value));
            break;
        case JV_KIND_TRUE:
            result = json_true();
            break;
        case JV_KIND_FALSE:
            result = json_false();
            break;
        case JV_KIND_NULL:
        case JV_KIND_INVALID:
            result = json_null();
            break;
        }
    }
    jv_free(value);
    return result;
}

json_t *trawl__jq_to_json(jv value)
{
    return to_json(value, 0);
}

json_t *trawl__jq_normalise(const json_t *value)
{
    json_t *copy;

    switch (json_typeof(value)) {
    case JSON_REAL:
        return number_to_json(json_real_value(value));
    case JSON_ARRAY:
        copy = json_array();
        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(copy, trawl__jq_normalise(json_array_get(value, i)));
        return copy;
    case JSON_OBJECT:
        copy = json_object();
        for (void *it = json_object_iter((json_t *)value); it;
             it = json_object_iter_next((json_t *)value, it))
            json_object_set_new_nocheck(copy, json_object_iter_key(it),
                                        trawl__jq_normalise(json_object_iter_value(it)));
        return copy;
    default:
        return json_incref((json_t *)value);
    }
}

static const json_t *follow_step(const json_t *value, jv step)
{
    switch (jv_get_kind(step)) {
    case JV_KIND_STRING:
        return json_object_get(value, jv_string_value(step));
    case JV_KIND_NUMBER: {
        double index = jv_number_value(step);
        if (index < 0)
            index += (double)json_array_size(value);
        return index >= 0 && index < (double)json_array_size(value)
                   ? json_array_get(value, (size_t)index)
                   : NULL;
    }
    default:
        return NULL;
    }
}

const json_t *trawl__jq_follow(const json_t *root, jv path)
{
    int count = jv_array_length(jv_copy(path));
    const json_t *value = root;

    for (int i = 0; value && i < count; i++) {
        jv step = jv_array_get(jv_copy(path), i);
        value = follow_step(value, step);
        jv_free(step);
    }
    return value;
}
