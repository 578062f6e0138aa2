/* See log.h. */
#include "runtime/log.h"

#include <stdarg.h>
#include <stdio.h>

void murre_log(const struct murre_engine *engine, enum murre_loglevel level, const char *format, ...) {
    if (!murre_log_wants(engine, level))
        return;
    char line[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    engine->config.log(engine->config.log_context, level, line);
}
