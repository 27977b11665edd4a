/* The symbol is a function. */
#include "trawl/plugin.h"

TRAWL_EXPORT int trawl_plugin(void);

int trawl_plugin(void)
{
    return 0;
}
