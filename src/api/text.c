/* The text format from the embedder's side. Thread safe. */
#include "runtime/module.h"
#include "text/print.h"

enum murre_status murre_binary_to_text(struct murre_engine *engine, const void *bytes, size_t size, uint32_t flags,
                                       bool (*write)(void *context, const char *text, size_t size), void *context,
                                       struct murre_error *error) {
    static const uint8_t none[1];
    murre_error_clear(error);
    return murre_text_print(size ? bytes : none, size, flags, &engine->allocator, write, context, error);
}
