/* Values between jansson and libjq, without a detour through text. */
#ifndef TRAWL_EXTRACT_JQ_VALUE_H
#define TRAWL_EXTRACT_JQ_VALUE_H

#include <jansson.h>
#include <jv.h>
#include <stdbool.h>

/* Deeper values are refused: conversion is recursive, and a program can build what it likes. */
#define TRAWL_JQ_DEPTH_MAX 1024

/* *inexact becomes true if an integer did not fit into a double. An invalid jv if `value` is nested too deeply. */
jv trawl__jq_from_json(const json_t *value, bool *inexact);

/* New reference, or NULL if it is nested too deeply. `value` is consumed. Whole numbers below 2^53 become integers,
 * NaN becomes null. */
json_t *trawl__jq_to_json(jv value);

/* A copy of `value` whose numbers look as if they had been through jq: a whole real is an integer. New reference. */
json_t *trawl__jq_normalise(const json_t *value);

/* The part of `root` that a jq path (array of keys, indexes and slices) leads to, where it exists and is no slice; else
 * NULL. Borrowed. */
const json_t *trawl__jq_follow(const json_t *root, jv path);

#endif
