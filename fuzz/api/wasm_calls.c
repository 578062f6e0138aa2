/* Calls of the standard C API, one each. */
#include <stdlib.h>

#include "api/handles.h"
#include "api/modules.h"

/* ---- types and values -------------------------------------------------------------------------------------------------- */

static wasm_valkind_t take_kind(struct handles *h) {
    static const wasm_valkind_t kinds[] = {WASM_I32, WASM_I64, WASM_F32, WASM_F64, WASM_EXTERNREF, WASM_FUNCREF};
    return kinds[api_byte(h->input) % 6];
}

static void take_types(struct handles *h, wasm_valtype_vec_t *types, unsigned count) {
    wasm_valtype_t *list[8];
    for (unsigned i = 0; i < count; i++)
        list[i] = wasm_valtype_new(take_kind(h));
    wasm_valtype_vec_new(types, count, list);
}

/* Of the kind, or of another by mistake. The value is the caller's. */
static wasm_val_t take_value(struct handles *h, wasm_valkind_t kind, int store) {
    wasm_val_t value = {.kind = kind, .of = {.i64 = (int64_t)api_number(h->input)}};
    uint8_t byte = api_byte(h->input);
    if (byte == 255)
        value.kind = WASM_I64;
    if (wasm_valkind_is_ref(value.kind)) {
        enum handle_kind wanted = kind == WASM_FUNCREF && byte < 250 ? HANDLE_FUNC : HANDLE_ANY;
        wasm_ref_t *ref = byte & 1 ? handles_pick(h, wanted, store) : NULL;
        value.of.ref = ref ? wasm_ref_copy(ref) : NULL;
    }
    return value;
}

static wasm_functype_t *take_functype(struct handles *h) {
    wasm_valtype_vec_t params, results;
    uint8_t byte = api_byte(h->input);
    if (byte < 128) /* what our modules import */
        return byte & 1 ? wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32())
                        : wasm_functype_new_2_1(wasm_valtype_new_externref(), wasm_valtype_new_funcref(), wasm_valtype_new_externref());
    take_types(h, &params, byte % 8);
    take_types(h, &results, byte / 8 % 4);
    return wasm_functype_new(&params, &results);
}

static void look_at_types(struct handles *h) {
    wasm_functype_t *type = take_functype(h);
    wasm_functype_t *copy = wasm_functype_copy(type);
    wasm_valtype_vec_t types;
    wasm_valtype_vec_copy(&types, wasm_functype_params(copy));
    api_require(types.size == wasm_functype_params(type)->size, "a copy is as long");
    wasm_externtype_t *external = wasm_externtype_copy(wasm_functype_as_externtype(copy));
    api_require(wasm_externtype_kind(external) == WASM_EXTERN_FUNC && !wasm_externtype_as_memorytype(external), "a type keeps its kind");
    wasm_name_t module, name;
    wasm_name_new_from_string(&module, "module");
    wasm_name_new_from_string_nt(&name, "name");
    wasm_importtype_t *import = wasm_importtype_new(&module, &name, external), *again = wasm_importtype_copy(import);
    api_require(wasm_importtype_name(again)->size == 5, "a name keeps its size");
    wasm_importtype_delete(again);
    wasm_importtype_delete(import);
    wasm_valtype_vec_delete(&types);
    wasm_functype_delete(copy);
    wasm_functype_delete(type);
}

/* ---- stores and modules ------------------------------------------------------------------------------------------------ */

static void drop_store(struct handles *h, int store) {
    for (unsigned i = 0; i < HANDLES; i++)
        if (h->refs[i].ref && h->refs[i].store == store)
            h->refs[i].store = -1;
    wasm_store_delete(h->stores[store]);
    h->stores[store] = NULL;
}

static void new_store(struct handles *h) {
    int at = api_byte(h->input) % WASM_STORES;
    if (h->stores[at])
        drop_store(h, at);
    h->stores[at] = wasm_store_new(h->engine);
}

static void any_drop_store(struct handles *h) {
    int store = handles_pick_store(h);
    if (store >= 0 && api_byte(h->input) & 1)
        drop_store(h, store);
}

static void new_module(struct handles *h) {
    int store = handles_pick_store(h);
    const struct api_bytes *bytes = &api_modules[api_byte(h->input) % API_MODULES];
    if (store < 0)
        return;
    wasm_byte_vec_t binary;
    wasm_byte_vec_new(&binary, bytes->size, (const char *)bytes->data);
    wasm_module_t *module = wasm_module_new(h->stores[store], &binary);
    bool valid = wasm_module_validate(h->stores[store], &binary);
    api_require(h->budget.allowed <= 0 || (module && valid), "the module is valid");
    wasm_byte_vec_delete(&binary);
    handles_keep(h, store, wasm_module_as_ref(module));
}

static void describe_module(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_module_t *module = wasm_ref_as_module(handles_pick(h, HANDLE_MODULE, store));
    wasm_importtype_vec_t imports, copies;
    wasm_exporttype_vec_t exports;
    if (!module)
        return;
    wasm_module_imports(module, &imports);
    wasm_module_exports(module, &exports);
    wasm_importtype_vec_copy(&copies, &imports);
    api_require(copies.size == imports.size, "a copy is as long");
    wasm_importtype_vec_delete(&copies);
    wasm_importtype_vec_delete(&imports);
    wasm_exporttype_vec_delete(&exports);
}

/* Written and read again, with a change in between now and then. */
static void serialize(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_module_t *module = wasm_ref_as_module(handles_pick(h, HANDLE_MODULE, store)), *again;
    uint64_t where = api_number(h->input);
    uint8_t change = api_byte(h->input);
    wasm_byte_vec_t bytes;
    if (!module)
        return;
    wasm_module_serialize(module, &bytes);
    if (change && bytes.size)
        bytes.data[where % bytes.size] ^= (char)change;
    again = wasm_module_deserialize(h->stores[store], &bytes);
    api_require(!change || !again, "a damaged module is refused");
    wasm_byte_vec_delete(&bytes);
    handles_keep(h, store, wasm_module_as_ref(again));
}

static void share(struct handles *h) {
    int store = handles_pick_store(h), at = api_byte(h->input) % SHARED;
    wasm_module_t *module = wasm_ref_as_module(handles_pick(h, HANDLE_MODULE, store));
    if (module && api_byte(h->input) & 1) {
        wasm_shared_module_delete(h->shared[at]);
        h->shared[at] = wasm_module_share(module);
    } else if (store >= 0 && h->shared[at]) {
        handles_keep(h, store, wasm_module_as_ref(wasm_module_obtain(h->stores[store], h->shared[at])));
    }
}

/* ---- instances --------------------------------------------------------------------------------------------------------- */

static bool has_deadline(struct handles *h, int store) {
    return murre_store_set_timeout(murre_wasm_store(h->stores[store]), API_NANOSECONDS, NULL) == MURRE_OK;
}

static wasm_extern_t *choose_import(struct handles *h, const wasm_importtype_t *import, int store) {
    static const enum handle_kind kinds[] = {HANDLE_FUNC, HANDLE_GLOBAL, HANDLE_TABLE, HANDLE_MEMORY};
    enum handle_kind kind = kinds[wasm_externtype_kind(wasm_importtype_type(import))];
    int from = api_byte(h->input) < 240 ? store : handles_pick_store(h);
    return wasm_ref_as_extern(handles_pick(h, api_byte(h->input) < 240 ? kind : HANDLE_ANY, from));
}

static void new_instance(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_module_t *module = wasm_ref_as_module(handles_pick(h, HANDLE_MODULE, store));
    wasm_extern_t *list[16] = {NULL};
    wasm_importtype_vec_t imports;
    wasm_trap_t *trap = NULL;
    if (!module || !has_deadline(h, store))
        return;
    wasm_module_imports(module, &imports);
    for (size_t i = 0; i < imports.size && i < 16; i++)
        list[i] = choose_import(h, imports.data[i], store);
    wasm_extern_vec_t vector = {imports.size, list};
    bool wants_trap = api_byte(h->input) < 200;
    if (h->depth == 0) {
        h->depth++;
        wasm_instance_t *instance = wasm_instance_new(h->stores[store], module, &vector, wants_trap ? &trap : NULL);
        h->depth--;
        api_require(!instance || !trap, "a trap or an instance");
        handles_keep(h, store, wasm_instance_as_ref(instance));
        handles_keep(h, store, wasm_trap_as_ref(trap));
    }
    wasm_importtype_vec_delete(&imports);
}

static void take_exports(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_instance_t *instance = wasm_ref_as_instance(handles_pick(h, HANDLE_INSTANCE, store));
    wasm_extern_vec_t exports;
    if (!instance)
        return;
    wasm_instance_exports(instance, &exports);
    for (size_t i = 0; i < exports.size; i++)
        if (api_byte(h->input) < 128) {
            wasm_externtype_delete(wasm_extern_type(exports.data[i]));
            handles_keep(h, store, wasm_extern_as_ref(exports.data[i]));
            exports.data[i] = NULL;
        }
    wasm_extern_vec_delete(&exports);
}

/* ---- functions --------------------------------------------------------------------------------------------------------- */

static struct handles *running; /* for callbacks without an environment */
static void call_func(struct handles *h);

static wasm_trap_t *act(struct handles *h, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    int store = handles_pick_store(h);
    for (size_t i = 0; i < results->size; i++)
        for (size_t j = 0; j < args->size; j++)
            if (args->data[j].kind == results->data[i].kind && !(wasm_valkind_is_ref(results->data[i].kind) && results->data[i].of.ref))
                wasm_val_copy(&results->data[i], &args->data[j]);
    switch (api_byte(h->input) % 8) {
    case 0: {
        wasm_message_t message;
        wasm_name_new_from_string_nt(&message, "the host's own");
        wasm_trap_t *trap = wasm_trap_new(h->stores[store], &message);
        wasm_byte_vec_delete(&message);
        if (trap) /* results of a call that traps are nobody's */
            for (size_t i = 0; i < results->size; i++)
                wasm_val_delete(&results->data[i]);
        return trap;
    }
    case 1:
        if (h->depth < 3)
            call_func(h);
        break;
    case 2: murre_store_interrupt(murre_wasm_store(h->stores[store])); break;
    case 3: handles_keep(h, store, wasm_foreign_as_ref(wasm_foreign_new(h->stores[store]))); break;
    default: break;
    }
    return NULL;
}

static wasm_trap_t *callback(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    return act(running, args, results);
}

static wasm_trap_t *callback_with_env(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    return act(env, args, results);
}

static void new_func(struct handles *h) {
    int store = handles_pick_store(h);
    if (store < 0)
        return;
    wasm_functype_t *type = take_functype(h);
    bool env = api_byte(h->input) & 1;
    wasm_func_t *func = env ? wasm_func_new_with_env(h->stores[store], type, callback_with_env, h, handles_finalize)
                            : wasm_func_new(h->stores[store], type, callback);
    wasm_functype_delete(type);
    h->finalizers += func && env;
    handles_keep(h, store, wasm_func_as_ref(func));
}

static void call_func(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_func_t *func = wasm_ref_as_func(handles_pick(h, HANDLE_FUNC, store));
    if (!func || !has_deadline(h, store))
        return;
    wasm_functype_t *type = wasm_func_type(func);
    const wasm_valtype_vec_t *params = wasm_functype_params(type);
    wasm_val_vec_t args, results;
    wasm_val_vec_new_uninitialized(&args, params->size);
    for (size_t i = 0; i < params->size; i++)
        args.data[i] = take_value(h, wasm_valtype_kind(params->data[i]), store);
    wasm_val_vec_new_uninitialized(&results, api_byte(h->input) < 250 ? wasm_func_result_arity(func) : 0);
    for (size_t i = 0; i < results.size; i++)
        results.data[i] = (wasm_val_t)WASM_INIT_VAL;
    h->depth++;
    wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    h->depth--;
    wasm_val_vec_delete(&args);
    wasm_val_vec_delete(&results);
    wasm_functype_delete(type);
    handles_keep(h, store, wasm_trap_as_ref(trap));
}

static void use_trap(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_trap_t *trap = wasm_ref_as_trap(handles_pick(h, HANDLE_TRAP, store));
    wasm_message_t message;
    wasm_frame_vec_t trace, copies;
    if (!trap)
        return;
    wasm_trap_message(trap, &message);
    api_require(message.size > 0 && message.data[message.size - 1] == 0, "a message ends with a zero byte");
    wasm_byte_vec_delete(&message);
    wasm_trap_trace(trap, &trace);
    wasm_frame_vec_copy(&copies, &trace);
    for (size_t i = 0; i < copies.size; i++) {
        wasm_frame_instance(copies.data[i]);
        api_require(wasm_frame_func_offset(copies.data[i]) <= wasm_frame_module_offset(copies.data[i]), "a function lies in its module");
    }
    wasm_frame_t *origin = wasm_trap_origin(trap);
    api_require(!origin || trace.size > 0, "the origin is in the trace");
    wasm_frame_delete(origin);
    wasm_frame_vec_delete(&copies);
    wasm_frame_vec_delete(&trace);
}

/* ---- globals, tables, memories ----------------------------------------------------------------------------------------- */

static void new_global(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_valkind_t kind = take_kind(h);
    if (store < 0)
        return;
    wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new(kind), api_byte(h->input) & 1);
    wasm_val_t value = take_value(h, kind, store);
    handles_keep(h, store, wasm_global_as_ref(wasm_global_new(h->stores[store], type, &value)));
    wasm_val_delete(&value);
    wasm_globaltype_delete(type);
}

static void use_global(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_global_t *global = wasm_ref_as_global(handles_pick(h, HANDLE_GLOBAL, store));
    if (!global)
        return;
    wasm_globaltype_t *type = wasm_global_type(global);
    wasm_valkind_t kind = wasm_valtype_kind(wasm_globaltype_content(type));
    wasm_val_t value = take_value(h, kind, store), got;
    wasm_global_set(global, &value);
    wasm_global_get(global, &got);
    if (wasm_globaltype_mutability(type) == WASM_VAR && value.kind == kind && wasm_valkind_is_num(kind))
        api_require(kind == WASM_I32 || kind == WASM_F32 ? got.of.i32 == value.of.i32 : got.of.i64 == value.of.i64,
                    "a global keeps its value");
    wasm_val_delete(&got);
    wasm_val_delete(&value);
    wasm_globaltype_delete(type);
}

static wasm_limits_t take_limits(struct handles *h) {
    uint32_t min = (uint32_t)api_number(h->input);
    uint8_t byte = api_byte(h->input);
    return (wasm_limits_t){min, byte & 1 ? wasm_limits_max_default : min + byte / 2};
}

static void new_table(struct handles *h) {
    int store = handles_pick_store(h);
    if (store < 0)
        return;
    wasm_limits_t limits = take_limits(h);
    bool functions = api_byte(h->input) & 1;
    wasm_tabletype_t *type = wasm_tabletype_new(wasm_valtype_new(functions ? WASM_FUNCREF : WASM_EXTERNREF), &limits);
    wasm_ref_t *init = api_byte(h->input) & 1 ? handles_pick(h, functions ? HANDLE_FUNC : HANDLE_ANY, store) : NULL;
    wasm_table_t *table = wasm_table_new(h->stores[store], type, init);
    api_require(!table || wasm_table_size(table) == limits.min, "a table starts with what was asked for");
    wasm_tabletype_delete(type);
    handles_keep(h, store, wasm_table_as_ref(table));
}

static void use_table(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_table_t *table = wasm_ref_as_table(handles_pick(h, HANDLE_TABLE, store));
    uint32_t index = (uint32_t)api_number(h->input), count = (uint32_t)api_number(h->input);
    if (!table)
        return;
    wasm_ref_t *ref = api_byte(h->input) & 1 ? handles_pick(h, api_byte(h->input) < 200 ? HANDLE_FUNC : HANDLE_ANY, store) : NULL;
    uint32_t size = wasm_table_size(table);
    bool set = wasm_table_set(table, index, ref);
    wasm_ref_t *got = wasm_table_get(table, index);
    api_require(!set || (index < size && wasm_ref_same(got, ref)), "an element keeps its value");
    wasm_ref_delete(got);
    if (count < 100000 || count > 10000000) {
        bool grown = wasm_table_grow(table, count, ref);
        api_require(wasm_table_size(table) == size + (grown ? count : 0), "a table grows by what was asked for");
    }
    wasm_tabletype_delete(wasm_table_type(table));
}

static void new_memory(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_limits_t limits = take_limits(h);
    if (store < 0)
        return;
    wasm_memorytype_t *type = wasm_memorytype_new(&limits);
    wasm_memory_t *memory = wasm_memory_new(h->stores[store], type);
    api_require(!memory || wasm_memory_size(memory) == limits.min, "a memory starts with what was asked for");
    wasm_memorytype_delete(type);
    handles_keep(h, store, wasm_memory_as_ref(memory));
}

static void use_memory(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_memory_t *memory = wasm_ref_as_memory(handles_pick(h, HANDLE_MEMORY, store));
    uint32_t pages = (uint32_t)api_number(h->input);
    if (!memory)
        return;
    size_t size = wasm_memory_data_size(memory);
    char *data = wasm_memory_data(memory);
    if (size)
        data[size - 1] = 7;
    bool grown = wasm_memory_grow(memory, pages);
    size_t now = wasm_memory_data_size(memory);
    api_require(now == size + (grown ? (size_t)pages * MEMORY_PAGE_SIZE : 0), "a memory grows by what was asked for");
    api_require(wasm_memory_data(memory) == data && (!size || data[size - 1] == 7), "a memory does not move");
    wasm_memorytype_delete(wasm_memory_type(memory));
}

/* ---- references -------------------------------------------------------------------------------------------------------- */

static void copy_ref(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_ref_t *ref = handles_pick(h, HANDLE_ANY, store), *other = handles_pick(h, HANDLE_ANY, store);
    if (!ref)
        return;
    wasm_ref_t *copy = wasm_ref_copy(ref);
    api_require(wasm_ref_same(copy, ref), "a copy is the same");
    api_require(wasm_ref_same(ref, other) == wasm_ref_same(other, ref), "to be the same is mutual");
    handles_keep(h, store, copy);
}

static void drop_ref(struct handles *h) {
    unsigned at = api_byte(h->input) % HANDLES;
    wasm_ref_delete(h->refs[at].ref);
    h->refs[at].ref = NULL;
}

static void set_info(struct handles *h) {
    int store = handles_pick_store(h);
    wasm_ref_t *ref = handles_pick(h, HANDLE_ANY, store);
    uint8_t byte = api_byte(h->input);
    if (!ref)
        return;
    if (byte & 1) {
        h->finalizers++;
        wasm_ref_set_host_info_with_finalizer(ref, h, handles_finalize);
    } else {
        wasm_ref_set_host_info(ref, byte & 2 ? h : NULL);
    }
    api_require(wasm_ref_get_host_info(ref) == (byte & 3 ? h : NULL), "a reference keeps its information");
}

static void new_foreign(struct handles *h) {
    int store = handles_pick_store(h);
    if (store >= 0)
        handles_keep(h, store, wasm_foreign_as_ref(wasm_foreign_new(h->stores[store])));
}

static void new_trap(struct handles *h) {
    int store = handles_pick_store(h);
    if (store < 0)
        return;
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "a trap of nobody");
    handles_keep(h, store, wasm_trap_as_ref(wasm_trap_new(h->stores[store], &message)));
    wasm_byte_vec_delete(&message);
}

void handles_call(struct handles *h, uint8_t which) {
    static void (*const calls[])(struct handles *) = {
        new_store,       new_module,   new_instance, take_exports, new_func,   call_func,   call_func, call_func,
        describe_module, serialize,    share,        use_trap,     new_global, use_global,  new_table, use_table,
        new_memory,      use_memory,   copy_ref,     drop_ref,     set_info,   new_foreign, new_trap,  look_at_types,
        any_drop_store,  new_instance, new_module,   take_exports, call_func,  new_func,
    };
    running = h;
    calls[which % (sizeof calls / sizeof *calls)](h);
}
