#include "common.h"

static own wasm_trap_t *fail(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    (void)args, (void)results;
    own wasm_name_t message;
    wasm_name_new_from_string_nt(&message, "the host gives up");
    own wasm_trap_t *trap = wasm_trap_new((wasm_store_t *)env, &message);
    wasm_name_delete(&message);
    return trap;
}

static void print_frame(const wasm_instance_t *instance, const wasm_frame_t *frame) {
    CHECK(wasm_instance_same(wasm_frame_instance(frame), instance));
    printf("  function %" PRIu32 ", offset 0x%zx, 0x%zx in the module\n", wasm_frame_func_index(frame), wasm_frame_func_offset(frame),
           wasm_frame_module_offset(frame));
}

/* Who expects a trap needs no room for results, which get lost if there is none. */
static void call_without_room(const wasm_func_t *func) {
    wasm_val_t as[2] = {WASM_I32_VAL(6), WASM_I32_VAL(3)};
    wasm_val_vec_t args = {wasm_func_param_arity(func), as}, results = WASM_EMPTY_VEC;
    own wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    if (trap)
        print_trap(trap);
}

static void call(const wasm_instance_t *instance, const wasm_func_t *func, bool with_trace) {
    wasm_val_t as[2] = {WASM_I32_VAL(INT32_MIN), WASM_I32_VAL(-1)}, rs[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = WASM_ARRAY_VEC(as), results = WASM_ARRAY_VEC(rs);
    own wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    CHECK(trap != NULL);
    own wasm_frame_t *origin = wasm_trap_origin(trap);
    own wasm_frame_vec_t trace;
    wasm_trap_trace(trap, &trace);
    CHECK(origin != NULL && trace.size > 0);
    CHECK(wasm_frame_func_index(origin) == wasm_frame_func_index(trace.data[0]));
    CHECK(wasm_frame_module_offset(origin) == wasm_frame_module_offset(trace.data[0]));
    own wasm_frame_t *copy = wasm_frame_copy(origin);
    wasm_frame_delete(origin);
    own wasm_trap_t *second = wasm_trap_copy(trap);
    CHECK(wasm_trap_same(trap, second));
    wasm_trap_delete(second);
    print_trap(trap);
    if (with_trace)
        for (size_t i = 0; i < trace.size; i++)
            print_frame(instance, trace.data[i]);
    CHECK(wasm_frame_func_index(copy) == wasm_frame_func_index(trace.data[0]));
    wasm_frame_delete(copy);
    wasm_frame_vec_delete(&trace);
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, trap);
    own wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
    own wasm_func_t *func = wasm_func_new_with_env(store, type, fail, store, NULL);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = {wasm_func_as_extern(func)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    wasm_func_delete(func);

    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    for (size_t i = 0; i < exports.size; i++)
        call(instance, func_at(&exports, i), i + 1 < exports.size);

    for (size_t i = 0; i < exports.size; i++)
        call_without_room(func_at(&exports, i));

    /* A message without its terminator, and an empty one. A trap of the host's own has no origin. */
    wasm_message_t message;
    wasm_byte_vec_new(&message, 3, "abc");
    own wasm_trap_t *trap = wasm_trap_new(store, &message);
    wasm_byte_vec_delete(&message);
    CHECK(wasm_trap_origin(trap) == NULL);
    print_trap(trap);
    wasm_byte_vec_new_empty(&message);
    trap = wasm_trap_new(store, &message);

    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    print_trap(trap); /* outlives its store */
    printf("done\n");
    return 0;
}
