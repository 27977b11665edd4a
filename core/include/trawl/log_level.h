/* How grave a log line is; shared by the core and the plugins. */
#ifndef TRAWL_LOG_LEVEL_H
#define TRAWL_LOG_LEVEL_H

enum trawl_log_level {
    TRAWL_LOG_DEBUG,
    TRAWL_LOG_INFO,
    TRAWL_LOG_WARNING,
    TRAWL_LOG_ERROR,
};

#endif
