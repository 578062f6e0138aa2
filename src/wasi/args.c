/* args_get, args_sizes_get, environ_get, environ_sizes_get. */
#include <string.h>

#include "wasi/memory.h"

static murre_wasi_errno sizes(struct murre_wasi_call *call, const struct murre_wasi_strings *strings, const union murre_slot *args) {
    void *count = murre_wasi_guest(call, args[0].u32, 1, 4, 4);
    void *size = murre_wasi_guest(call, args[1].u32, 1, 4, 4);
    if (count == NULL || size == NULL)
        return WASI_FAULT;
    murre_wasi_put32(count, (uint32_t)strings->count);
    murre_wasi_put32(size, (uint32_t)strings->size);
    return WASI_SUCCESS;
}

static murre_wasi_errno get(struct murre_wasi_call *call, const struct murre_wasi_strings *strings, const union murre_slot *args) {
    uint32_t buffer = args[1].u32;
    uint8_t *pointers = murre_wasi_guest(call, args[0].u32, strings->count, 4, 4);
    char *bytes = murre_wasi_guest_bytes(call, buffer, (uint32_t)strings->size);
    if (pointers == NULL || bytes == NULL)
        return WASI_FAULT;
    const char *from = strings->bytes;
    for (size_t i = 0; i < strings->count; i++) {
        murre_wasi_put32(pointers + 4 * i, buffer + (uint32_t)(from - strings->bytes));
        from += strlen(from) + 1;
    }
    if (strings->size != 0)
        memcpy(bytes, strings->bytes, strings->size);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_args_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return get(call, &call->wasi->args, args);
}

murre_wasi_errno murre_wasi_args_sizes_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return sizes(call, &call->wasi->args, args);
}

murre_wasi_errno murre_wasi_environ_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return get(call, &call->wasi->env, args);
}

murre_wasi_errno murre_wasi_environ_sizes_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return sizes(call, &call->wasi->env, args);
}
