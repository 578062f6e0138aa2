/* Traps and frames of the standard C API. */
#include "api/c_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/runtime.h"
#include "wasm/module.h"

struct wasm_frame_t {
    wasm_store_t *store;
    struct murre_frame frame;
};

/* Stands in when there is no memory for a trap, which must not be lost. Deleting it never gets its count to 0. */
static wasm_ref_t emergency = {.kind = REF_TRAP, .handles = SIZE_MAX / 2};

wasm_trap_t *c_trap_wrap(wasm_store_t *store, struct murre_trap *trap) {
    if (!trap)
        return NULL;
    wasm_ref_t *ref = c_ref_new(store, REF_TRAP, trap);
    if (ref)
        return (wasm_trap_t *)ref;
    murre_trap_delete(trap);
    return (wasm_trap_t *)&emergency;
}

static const char *message_of(const wasm_trap_t *trap) {
    return c_ref(trap)->object ? murre_trap_message(c_ref(trap)->object) : "out of memory";
}

struct murre_trap *c_trap_unwrap(wasm_trap_t *handle) {
    wasm_ref_t *ref = (wasm_ref_t *)handle;
    struct murre_trap *trap = ref->handles == 1 ? ref->object : NULL;
    if (trap)
        ref->object = NULL;
    else
        trap = murre_trap_new(message_of(handle));
    wasm_trap_delete(handle);
    return trap;
}

wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *message) {
    /* The terminator that size counts may be missing. */
    char *text = malloc(message->size + 1);
    if (!text)
        return (wasm_trap_t *)&emergency;
    if (message->size)
        memcpy(text, message->data, message->size);
    text[message->size] = 0;
    wasm_trap_t *trap = c_trap_wrap(store, murre_trap_new(text));
    free(text);
    return trap;
}

void wasm_trap_message(const wasm_trap_t *trap, wasm_message_t *out) {
    wasm_name_new_from_string_nt(out, message_of(trap));
}

static wasm_frame_t *frame_at(const wasm_trap_t *trap, uint32_t index) {
    struct murre_frame found;
    const wasm_ref_t *ref = c_ref(trap);
    if (!ref->object || !ref->store || !murre_trap_frame(ref->object, index, &found))
        return NULL;
    wasm_frame_t *frame = malloc(sizeof *frame);
    if (frame)
        *frame = (wasm_frame_t){ref->store, found};
    return frame;
}

wasm_frame_t *wasm_trap_origin(const wasm_trap_t *trap) {
    return frame_at(trap, 0);
}

void wasm_trap_trace(const wasm_trap_t *trap, wasm_frame_vec_t *out) {
    const wasm_ref_t *ref = c_ref(trap);
    uint32_t count = ref->object && ref->store ? murre_trap_frame_count(ref->object) : 0;
    wasm_frame_vec_new_uninitialized(out, count);
    for (size_t i = 0; i < out->size; i++)
        if (!(out->data[i] = frame_at(trap, (uint32_t)i)))
            out->size = i; /* the rest is lost for want of memory */
}

void wasm_frame_delete(wasm_frame_t *frame) {
    free(frame);
}

wasm_frame_t *wasm_frame_copy(const wasm_frame_t *frame) {
    wasm_frame_t *copy = malloc(sizeof *copy);
    if (copy)
        *copy = *frame;
    return copy;
}

/* Borrowed: the reference is kept until the store goes. */
wasm_instance_t *wasm_frame_instance(const wasm_frame_t *frame) {
    if (!frame->frame.instance)
        return NULL;
    wasm_ref_t *ref = c_ref_of(frame->store, REF_INSTANCE, frame->frame.instance);
    if (!ref)
        return NULL;
    ref->pinned = true;
    c_ref_delete(ref);
    return (wasm_instance_t *)ref;
}

uint32_t wasm_frame_func_index(const wasm_frame_t *frame) {
    return frame->frame.func_index;
}

size_t wasm_frame_module_offset(const wasm_frame_t *frame) {
    return frame->frame.offset == MURRE_NO_OFFSET ? 0 : (size_t)frame->frame.offset;
}

size_t wasm_frame_func_offset(const wasm_frame_t *frame) {
    if (!frame->frame.instance || frame->frame.offset == MURRE_NO_OFFSET)
        return 0;
    uint32_t start, end;
    murre_module_body(&frame->frame.instance->module->info, frame->frame.func_index, &start, &end);
    return (size_t)(frame->frame.offset - start);
}
