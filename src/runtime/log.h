/* What an engine reports to its host besides results and errors (murre_config, log). Only on ways that are slow anyway; while no hook is set a
 * message costs a look at the configuration. Any thread; a lock may be held, which is why the host must not call back. */
#ifndef MURRE_RUNTIME_LOG_H
#define MURRE_RUNTIME_LOG_H

#include "runtime/runtime.h"

static inline bool murre_log_wants(const struct murre_engine *engine, enum murre_loglevel level) {
    return engine->config.log && level <= engine->config.log_level;
}
/* Makes a line, without its end, and hands it to the hook when the host wants that level. */
void murre_log(const struct murre_engine *engine, enum murre_loglevel level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
