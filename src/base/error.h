/* Filling a struct murre_error. A fault is described once, where it is found; the first description stays. */
#ifndef MURRE_BASE_ERROR_H
#define MURRE_BASE_ERROR_H

#include "base/text.h"

/* Returns status, so that callers can write: return murre_error_set(error, …). error may be NULL. */
enum murre_status murre_error_set(struct murre_error *error, enum murre_status status, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* At the start of a public function: what the caller left in error is no description. error may be NULL. */
static inline void murre_error_clear(struct murre_error *error) {
    if (error) {
        error->status = MURRE_OK;
        error->offset = MURRE_NO_OFFSET;
        error->message[0] = '\0';
    }
}
/* MURRE_ERROR_MEMORY, without an offset. */
enum murre_status murre_error_memory(struct murre_error *error);

#endif
