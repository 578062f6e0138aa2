/* Calls of the embedding interface, one each, on objects from the pools. */
#include <stdlib.h>
#include <string.h>

#include "api/modules.h"
#include "api/objects.h"

/* ---- engines and modules ----------------------------------------------------------------------------------------------- */

/* A slot is used once, so that what was made of an engine can be told from what was made of another. */
static void new_engine(struct api *a) {
    for (unsigned i = 0; i < ENGINES; i++) {
        struct murre_config *config = &a->configs[i];
        struct murre_error error;
        if (config->allocator.alloc)
            continue;
        murre_config_init(config);
        api_configure(a->input, config);
        config->allocator = budget_allocator(&a->budget);
        uint8_t byte = api_byte(a->input);
        const char *feature = murre_feature_at(byte % 16);
        if (byte >= 240 && feature)
            api_require(murre_config_set_feature(config, feature, false), "a feature can be switched off");
        if (byte == 239)
            config->opt_level = 17;
        a->engines[i] = murre_engine_new(config, &error);
        api_check_error(a->engines[i] != NULL, &error);
        return;
    }
}

static void drop_engine(struct api *a) {
    int engine = api_pick_engine(a);
    if (engine >= 0 && api_byte(a->input) & 1)
        api_drop_engine(a, (unsigned)engine);
    else if (engine >= 0)
        murre_engine_unref(murre_engine_ref(a->engines[engine]));
}

static void stats(struct api *a) {
    struct murre_stats stats;
    int engine = api_pick_engine(a);
    if (engine >= 0)
        murre_engine_stats(a->engines[engine], &stats);
}

static void released(void *context) {
    free(context);
}

/* Refuses after a while. */
static bool count_text(void *context, const char *text, size_t size) {
    size_t *left = context;
    bool enough = size > *left;
    *left -= enough ? 0 : size;
    return text && !enough;
}

static void print_module(struct murre_engine *engine, struct api_bytes bytes, uint8_t how) {
    struct murre_error error;
    size_t left = how & 1 ? SIZE_MAX : how * 4u;
    enum murre_status status = murre_binary_to_text(engine, bytes.data, bytes.size, how >> 4, count_text, &left, &error);
    api_check_error(status == MURRE_OK, &error);
}

/* One of ours, or bytes of the input. */
static void new_module(struct api *a) {
    int engine = api_pick_engine(a);
    uint8_t which = api_byte(a->input), at = api_byte(a->input) % MODULES;
    struct api_bytes bytes = api_modules[which % API_MODULES];
    if (which >= 200) {
        size_t size = api_byte(a->input) * 4u, left = (size_t)(a->input->end - a->input->at);
        bytes = (struct api_bytes){a->input->at, size < left ? size : left};
        a->input->at += bytes.size;
    }
    if (engine < 0)
        return;
    struct murre_error error;
    struct murre_module *module;
    if (which % 8 == 7)
        print_module(a->engines[engine], bytes, which >> 2);
    if (which & 1) {
        module = murre_module_new(a->engines[engine], bytes.data, bytes.size, &error);
    } else {
        void *copy = malloc(bytes.size + 1);
        if (!copy)
            abort();
        memcpy(copy, bytes.data, bytes.size);
        module = murre_module_new_borrowed(a->engines[engine], copy, bytes.size, released, copy, &error);
        if (!module)
            free(copy);
    }
    api_check_error(module != NULL, &error);
    if (!module)
        return;
    murre_module_unref(a->modules[at].module);
    a->modules[at].module = module;
    a->modules[at].engine = (unsigned)engine;
}

static void drop_module(struct api *a) {
    int module = api_pick_module(a);
    if (module < 0)
        return;
    murre_module_unref(murre_module_ref(a->modules[module].module));
    murre_module_unref(a->modules[module].module);
    a->modules[module].module = NULL;
}

static void ignore(void *context, const char *line) {
    *(size_t *)context += strlen(line);
}

static void describe_module(struct api *a) {
    int at = api_pick_module(a);
    if (at < 0)
        return;
    struct murre_module *module = a->modules[at].module;
    struct murre_error error;
    struct murre_import import;
    struct murre_export export_;
    struct murre_section section;
    size_t size = 0;
    uint32_t index = (uint32_t)api_number(a->input);
    api_check_error(murre_module_validate(module, &error) == MURRE_OK, &error);
    api_require(murre_module_import(module, index, &import) == (index < murre_module_import_count(module)), "an import that is there");
    api_require(murre_module_export(module, index, &export_) == (index < murre_module_export_count(module)), "an export that is there");
    api_require(murre_module_section(module, index, &section) == (index < murre_module_section_count(module)), "a section that is there");
    size += murre_module_function_name(module, index).size;
    murre_module_feature(module, index);
    api_check_error(murre_module_disassemble(module, index, ignore, &size, &error) == MURRE_OK, &error);
}

/* ---- stores ------------------------------------------------------------------------------------------------------------ */

static void new_store(struct api *a) {
    int engine = api_pick_engine(a);
    unsigned at = api_byte(a->input) % STORES;
    struct murre_error error;
    if (engine < 0)
        return;
    if (a->stores[at].store)
        api_drop_store(a, at);
    struct murre_store *store = murre_store_new(a->engines[engine], &error);
    api_check_error(store != NULL, &error);
    if (!store)
        return;
    a->stores[at] = (struct api_store){.store = store, .engine = (unsigned)engine, .api = a};
    murre_store_set_data(store, &a->stores[at]);
    api_require(murre_store_data(store) == &a->stores[at], "a store keeps its data");
    api_require(murre_store_engine(store) == a->engines[engine], "a store knows its engine");
}

static void drop_store(struct api *a) {
    int store = api_pick_store(a);
    if (store >= 0)
        api_drop_store(a, (unsigned)store);
}

static void set_limits(struct api *a) {
    int at = api_pick_store(a);
    if (at < 0)
        return;
    struct murre_store_limits *limits = &a->stores[at].limits;
    uint8_t which = api_byte(a->input);
    *limits = (struct murre_store_limits){0};
    if (which & 1)
        limits->memory_bytes = api_number(a->input) * (which & 128 ? 65536 : 1);
    if (which & 2)
        limits->table_elements = api_number(a->input);
    if (which & 4)
        limits->stack_bytes = 20000 + api_number(a->input) % 1000000;
    if (which & 8)
        limits->memories = api_byte(a->input) % 8;
    if (which & 16)
        limits->tables = api_byte(a->input) % 8;
    if (which & 32)
        limits->instances = api_byte(a->input) % 8;
    murre_store_set_limits(a->stores[at].store, limits);
}

/* ---- instances --------------------------------------------------------------------------------------------------------- */

static void keep_instance(struct api *a, unsigned store, struct murre_instance *instance, struct murre_trap *trap,
                          struct murre_error *error) {
    api_check_error(instance != NULL, error);
    api_require((error->status == MURRE_ERROR_TRAP) == (trap != NULL), "a trap comes with its status");
    api_look_at_trap(a, trap);
    if (!instance)
        return;
    struct murre_module *module = murre_instance_module(instance);
    struct murre_extern item;
    api_add_instance(a, store, instance);
    for (uint32_t i = 0; i < murre_module_export_count(module); i++) {
        api_require(murre_instance_export_at(instance, i, &item), "an export that is there");
        if (api_byte(a->input) < 200)
            api_add_item(a, store, item);
    }
}

/* What could be imported: an item that fits by kind, one of the right names, or nothing. Of the store, but for mistakes. */
static struct murre_extern choose_import(struct api *a, const struct murre_import *import, int store) {
    uint8_t how = api_byte(a->input);
    struct murre_extern none = {.kind = import->type.kind};
    if (how < 160)
        for (unsigned i = 0; i < INSTANCES; i++) {
            struct murre_extern item;
            if (a->instances[i].instance && (int)a->instances[i].store == store &&
                murre_instance_export(a->instances[i].instance, import->name.data, import->name.size, &item))
                return item;
        }
    struct api_item *item = api_pick_item(a, how < 250 ? (int)import->type.kind : -1, how < 240 ? store : -1);
    return item ? item->item : none;
}

static void new_instance(struct api *a) {
    int store = api_pick_store(a), at = api_pick_module(a);
    if (store < 0 || at < 0)
        return;
    struct murre_module *module = a->modules[at].module;
    uint32_t count = murre_module_import_count(module);
    struct murre_extern *imports = calloc(count + 1, sizeof *imports);
    struct murre_trap *trap = NULL;
    struct murre_error error;
    if (!imports)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        struct murre_import import;
        api_require(murre_module_import(module, i, &import), "an import that is there");
        imports[i] = choose_import(a, &import, store);
    }
    if (api_byte(a->input) >= 250)
        count += 1;
    if (murre_store_set_timeout(a->stores[store].store, a->nanoseconds, NULL) == MURRE_OK) {
        struct murre_instance *instance = murre_instance_new(a->stores[store].store, module, imports, count, &trap, &error);
        keep_instance(a, (unsigned)store, instance, trap, &error);
    }
    free(imports);
}

static void look_up_export(struct api *a) {
    int at = api_pick_instance(a);
    static const char *const names[] = {"memory", "table", "hosts", "", "spin", "nothing of the kind", "many", "global"};
    const char *name = names[api_byte(a->input) % 8];
    struct murre_extern item;
    if (at < 0)
        return;
    if (murre_instance_export(a->instances[at].instance, name, strlen(name), &item))
        api_add_item(a, a->instances[at].store, item);
    api_require(!murre_instance_export_at(a->instances[at].instance, UINT32_MAX, &item), "no such export");
}

/* ---- linkers ----------------------------------------------------------------------------------------------------------- */

static void new_linker(struct api *a) {
    int engine = api_pick_engine(a);
    unsigned at = api_byte(a->input) % LINKERS;
    struct murre_error error;
    if (engine < 0)
        return;
    api_drop_linker(a, at);
    a->linkers[at].linker = murre_linker_new(a->engines[engine], &error);
    a->linkers[at].engine = (unsigned)engine;
    api_check_error(a->linkers[at].linker != NULL, &error);
}

static void define_unknown(struct api *a, int linker, uint8_t how) {
    int store = api_pick_store(a), module = api_pick_module(a);
    struct murre_error error;
    if (store < 0 || module < 0)
        return;
    a->linkers[linker].stores |= 1u << store;
    api_check_error(murre_linker_define_unknown(a->linkers[linker].linker, a->stores[store].store, a->modules[module].module, how % 3,
                                                &error) == MURRE_OK,
                    &error);
}

static void define(struct api *a) {
    static const char *const names[] = {"memory", "table", "global", "hosts", "constant", "f"};
    int at = api_pick_linker(a);
    uint8_t how = api_byte(a->input);
    struct murre_error error;
    if (at < 0)
        return;
    if (how < 100) {
        api_define_host(a, at);
    } else if (how < 180) {
        int instance = api_pick_instance(a);
        if (instance < 0)
            return;
        a->linkers[at].stores |= 1u << a->instances[instance].store;
        api_check_error(murre_linker_define_instance(a->linkers[at].linker, how & 1 ? "a" : "h", a->instances[instance].instance, &error) ==
                            MURRE_OK,
                        &error);
    } else if (how >= 250) {
        define_unknown(a, at, how);
    } else {
        struct api_item *item = api_pick_item(a, -1, -1);
        if (!item)
            return;
        a->linkers[at].stores |= 1u << item->store;
        api_check_error(murre_linker_define(a->linkers[at].linker, how & 1 ? "a" : "h", names[how % 6], item->item, &error) == MURRE_OK,
                        &error);
    }
}

static void link_instance(struct api *a) {
    int linker = api_pick_linker(a), store = api_pick_store(a), module = api_pick_module(a);
    struct murre_trap *trap = NULL;
    struct murre_error error;
    if (linker < 0 || store < 0 || module < 0 || !api_wasi_claim(a, linker, store) ||
        murre_store_set_timeout(a->stores[store].store, a->nanoseconds, NULL) != MURRE_OK)
        return;
    struct murre_instance *instance =
        murre_linker_instantiate(a->linkers[linker].linker, a->stores[store].store, a->modules[module].module, &trap, &error);
    keep_instance(a, (unsigned)store, instance, trap, &error);
}

/* ---- memories, tables, globals ----------------------------------------------------------------------------------------- */

static struct murre_limits take_limits(struct api *a) {
    struct murre_limits limits = {.min = api_number(a->input)};
    uint8_t byte = api_byte(a->input);
    limits.has_max = byte & 1;
    limits.max = limits.has_max ? limits.min + api_byte(a->input) - (byte >= 250) : 0;
    limits.shared = byte == 249;
    limits.is64 = byte == 248;
    return limits;
}

static void new_memory(struct api *a) {
    int store = api_pick_store(a);
    struct murre_limits limits = take_limits(a);
    struct murre_error error;
    if (store < 0)
        return;
    struct murre_memory *memory = murre_memory_new(a->stores[store].store, limits, &error);
    api_check_error(memory != NULL, &error);
    if (!memory)
        return;
    api_require(murre_memory_size(memory) == limits.min * 65536, "a memory starts with what was asked for");
    api_add_item(a, (unsigned)store, (struct murre_extern){.kind = MURRE_EXTERN_MEMORY, .of.memory = memory});
}

/* Sizes, bytes at the borders, and that they stay. */
static void use_memory(struct api *a) {
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_MEMORY, -1);
    uint64_t pages = api_number(a->input);
    struct murre_limits limits;
    if (!item)
        return;
    struct murre_memory *memory = item->item.of.memory;
    uint64_t size = murre_memory_size(memory);
    uint8_t *data = murre_memory_data(memory);
    if (size) {
        data[0] = 0x5a;
        data[size - 1] = 0xa5;
    }
    uint64_t old = murre_memory_grow(memory, pages), now = murre_memory_size(memory);
    murre_memory_limits(memory, &limits);
    api_require(old == UINT64_MAX ? now == size : old == size / 65536 && now == size + pages * 65536,
                "a memory grows by what was asked for");
    api_require(!limits.has_max || now <= limits.max * 65536, "a memory keeps its maximum");
    api_require(murre_memory_data(memory) == data, "a memory does not move");
    api_require(size < 2 || (data[0] == 0x5a && data[size - 1] == 0xa5), "a memory keeps its bytes");
    for (uint64_t at = size; at < now; at += 65536)
        api_require(data[at] == 0 && data[at + 65535] == 0, "new pages are zero");
    uint64_t limit = a->stores[item->store].limits.memory_bytes;
    api_require(old == UINT64_MAX || pages == 0 || !limit || now <= limit, "a store keeps its limit");
}

/* A reference for a table or global: null, a function (of this store or, by mistake, of another), any pointer for externref. */
static void *take_ref(struct api *a, murre_valtype type, int store, bool *fits) {
    uint8_t byte = api_byte(a->input);
    *fits = true;
    if (byte < 64)
        return NULL;
    if (type != MURRE_FUNCREF)
        return (void *)(uintptr_t)byte;
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_FUNC, byte < 240 ? store : -1);
    *fits = !item || (int)item->store == store;
    return item ? item->item.of.func : NULL;
}

static void new_table(struct api *a) {
    int store = api_pick_store(a);
    struct murre_limits limits = take_limits(a);
    murre_valtype type = api_byte(a->input) & 1 ? MURRE_FUNCREF : MURRE_EXTERNREF;
    struct murre_error error;
    bool fits;
    if (store < 0)
        return;
    void *init = take_ref(a, type, store, &fits), *got;
    struct murre_table *table = murre_table_new(a->stores[store].store, type, limits, init, &error);
    api_check_error(table != NULL, &error);
    if (!table)
        return;
    api_require(fits, "a function of another store is refused");
    api_require(murre_table_size(table) == limits.min, "a table starts with what was asked for");
    api_require(limits.min == 0 || (murre_table_get(table, limits.min - 1, &got) && got == init), "a table starts filled");
    api_add_item(a, (unsigned)store, (struct murre_extern){.kind = MURRE_EXTERN_TABLE, .of.table = table});
}

static void use_table(struct api *a) {
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_TABLE, -1);
    uint64_t index = api_number(a->input), count = api_number(a->input);
    struct murre_externtype type;
    void *got = NULL;
    bool fits;
    if (!item)
        return;
    struct murre_table *table = item->item.of.table;
    murre_extern_type(&item->item, &type);
    void *ref = take_ref(a, type.valtype, (int)item->store, &fits);
    uint64_t size = murre_table_size(table);
    api_require(murre_table_get(table, index, &got) == (index < size), "an element that is there");
    api_require(murre_table_set(table, index, ref) == (index < size && fits), "an element can be set that is there");
    api_require(index >= size || !fits || (murre_table_get(table, index, &got) && got == ref), "an element keeps its value");
    if (count > 100000 && count < 10000000)
        return; /* slow, and nothing new */
    uint64_t old = murre_table_grow(table, count, ref), now = murre_table_size(table);
    api_require(old == UINT64_MAX ? now == size : fits && old == size && now == size + count, "a table grows by what was asked for");
    api_require(old == UINT64_MAX || count == 0 || (murre_table_get(table, now - 1, &got) && got == ref), "a table grows filled");
    api_require(!type.limits.has_max || now <= type.limits.max, "a table keeps its maximum");
}

static void new_global(struct api *a) {
    static const murre_valtype types[] = {MURRE_I32, MURRE_I64, MURRE_F32, MURRE_F64, MURRE_FUNCREF, MURRE_EXTERNREF};
    int store = api_pick_store(a);
    murre_valtype type = types[api_byte(a->input) % 6];
    bool is_mutable = api_byte(a->input) & 1, fits = true;
    union murre_slot value[2] = {{.u64 = api_number(a->input)}, {.u64 = 7}};
    struct murre_error error;
    if (store < 0)
        return;
    if (type == MURRE_FUNCREF || type == MURRE_EXTERNREF)
        value[0].ref = take_ref(a, type, store, &fits);
    struct murre_global *global = murre_global_new(a->stores[store].store, type, is_mutable, value, &error);
    api_check_error(global != NULL, &error);
    if (!global)
        return;
    api_require(fits, "a function of another store is refused");
    api_add_item(a, (unsigned)store, (struct murre_extern){.kind = MURRE_EXTERN_GLOBAL, .of.global = global});
}

static void use_global(struct api *a) {
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_GLOBAL, -1);
    union murre_slot value[2] = {{.u64 = api_number(a->input)}, {.u64 = 7}}, got[2];
    struct murre_externtype type;
    bool fits = true;
    if (!item)
        return;
    murre_extern_type(&item->item, &type);
    if (type.valtype == MURRE_FUNCREF || type.valtype == MURRE_EXTERNREF)
        value[0].ref = take_ref(a, type.valtype, (int)item->store, &fits);
    bool set = murre_global_set(item->item.of.global, value);
    api_require(set == (type.is_mutable && fits), "a global can be set that is mutable");
    murre_global_get(item->item.of.global, got);
    bool narrow = type.valtype == MURRE_I32 || type.valtype == MURRE_F32;
    api_require(!set || (narrow ? got[0].u32 == value[0].u32 : got[0].u64 == value[0].u64), "a global keeps its value");
    api_require(!set || type.valtype != MURRE_V128 || got[1].u64 == value[1].u64, "a global keeps both halves of a vector");
}

/* ---- the table --------------------------------------------------------------------------------------------------------- */

static void call_any(struct api *a) {
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_FUNC, -1);
    if (item)
        api_call_func(a, item);
}

void api_call(struct api *a, uint8_t which) {
    static void (*const calls[])(struct api *) = {
        new_engine,  new_module,    new_store,  new_linker,     api_new_func,    define,     link_instance, new_instance,
        call_any,    call_any,      call_any,   call_any,       new_memory,      use_memory, new_table,     use_table,
        new_global,  use_global,    set_limits, look_up_export, describe_module, stats,      drop_module,   drop_store,
        drop_engine, api_interrupt, call_any,   link_instance,  new_instance,    new_module, define,        call_any,
    };
    calls[which % (sizeof calls / sizeof *calls)](a);
}
