/* A symbol too small to hold even the numbers that protect the rest. */
#include "trawl/plugin.h"

TRAWL_EXPORT extern const char trawl_plugin;
const char trawl_plugin = 1;
