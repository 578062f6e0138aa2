/* See error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *murre_status_name(enum murre_status status) {
    switch (status) {
    case MURRE_OK: return "ok";
    case MURRE_ERROR_MALFORMED: return "malformed module";
    case MURRE_ERROR_INVALID: return "invalid module";
    case MURRE_ERROR_UNSUPPORTED: return "unsupported module";
    case MURRE_ERROR_LIMIT: return "implementation limit exceeded";
    case MURRE_ERROR_LINK: return "link error";
    case MURRE_ERROR_TRAP: return "trap";
    case MURRE_ERROR_MEMORY: return "out of memory";
    case MURRE_ERROR_IO: return "input/output error";
    case MURRE_ERROR_ARGUMENT: return "bad argument";
    case MURRE_ERROR_TIME: return "out of time";
    }
    return "unknown status";
}

enum murre_status murre_error_set(struct murre_error *error, enum murre_status status, uint64_t offset, const char *format, ...) {
    if (!error || error->status != MURRE_OK)
        return status;
    error->status = status;
    error->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

enum murre_status murre_error_memory(struct murre_error *error) {
    return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "out of memory");
}
