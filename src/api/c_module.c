/* Modules and instances of the standard C API.
 *
 * The serialised form: a magic of 8 bytes, murre's version (16 bytes, padded with zeros), the size and a hash of the module's bytes (8 bytes
 * each, little endian), the bytes. They are decoded and validated again, so a forged form is as harmless as a forged module. */
#include "api/c_api.h"

#include <stdlib.h>

#include "runtime/runtime.h"

struct wasm_shared_module_t {
    struct murre_module *module;
};

static struct murre_module *module_of(const wasm_module_t *handle) {
    return c_ref(handle)->object;
}

/* Takes the module over. */
static wasm_module_t *wrap(wasm_store_t *store, struct murre_module *module) {
    wasm_ref_t *ref = module ? c_ref_new(store, REF_MODULE, module) : NULL;
    if (!ref)
        murre_module_unref(module);
    return (wasm_module_t *)ref;
}

static struct murre_module *make(wasm_store_t *store, const void *bytes, size_t size) {
    struct murre_module *module = murre_module_new(store->engine, bytes, size, NULL);
    if (module && murre_module_validate(module, NULL) != MURRE_OK) {
        murre_module_unref(module);
        return NULL;
    }
    return module;
}

wasm_module_t *wasm_module_new(wasm_store_t *store, const wasm_byte_vec_t *binary) {
    return wrap(store, make(store, binary->data, binary->size));
}

bool wasm_module_validate(wasm_store_t *store, const wasm_byte_vec_t *binary) {
    struct murre_module *module = make(store, binary->data, binary->size);
    murre_module_unref(module);
    return module != NULL;
}

wasm_shared_module_t *wasm_module_share(const wasm_module_t *handle) {
    wasm_shared_module_t *shared = malloc(sizeof *shared);
    if (shared)
        shared->module = murre_module_ref(module_of(handle));
    return shared;
}

wasm_module_t *wasm_module_obtain(wasm_store_t *store, const wasm_shared_module_t *shared) {
    if (shared->module->engine != store->engine)
        return NULL;
    return wrap(store, murre_module_ref(shared->module));
}

void wasm_shared_module_delete(wasm_shared_module_t *shared) {
    if (shared)
        murre_module_unref(shared->module);
    free(shared);
}

static bool name_from(wasm_name_t *out, struct murre_name name) {
    wasm_name_new(out, name.size, name.data);
    return out->size == name.size;
}

static wasm_importtype_t *import_at(const struct murre_module *module, uint32_t index) {
    struct murre_import import;
    wasm_name_t from, name;
    murre_module_import(module, index, &import);
    bool good = name_from(&from, import.module);
    good = name_from(&name, import.name) && good;
    return wasm_importtype_new(&from, &name, good ? c_externtype_of(&import.type) : NULL);
}

static wasm_exporttype_t *export_at(const struct murre_module *module, uint32_t index) {
    struct murre_export export_;
    wasm_name_t name;
    murre_module_export(module, index, &export_);
    bool good = name_from(&name, export_.name);
    return wasm_exporttype_new(&name, good ? c_externtype_of(&export_.type) : NULL);
}

void wasm_module_imports(const wasm_module_t *handle, wasm_importtype_vec_t *out) {
    wasm_importtype_vec_new_uninitialized(out, murre_module_import_count(module_of(handle)));
    for (size_t i = 0; i < out->size; i++)
        if (!(out->data[i] = import_at(module_of(handle), (uint32_t)i))) {
            wasm_importtype_vec_delete(out);
            return;
        }
}

void wasm_module_exports(const wasm_module_t *handle, wasm_exporttype_vec_t *out) {
    wasm_exporttype_vec_new_uninitialized(out, murre_module_export_count(module_of(handle)));
    for (size_t i = 0; i < out->size; i++)
        if (!(out->data[i] = export_at(module_of(handle), (uint32_t)i))) {
            wasm_exporttype_vec_delete(out);
            return;
        }
}

/* ---- serialised modules --------------------------------------------------------------------------------------------------------- */

struct header {
    char magic[8];
    char version[16];
    uint8_t size[8], hash[8];
};
_Static_assert(sizeof(struct header) == 40, "no padding");

static void put64(uint8_t *out, uint64_t value) {
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

/* FNV-1a over 8 bytes at a time would do as well; this is to notice damage, not malice. */
static uint64_t hash_of(const uint8_t *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static void fill_header(struct header *header, const uint8_t *bytes, size_t size) {
    *header = (struct header){.magic = "murremod", .version = MURRE_VERSION};
    put64(header->size, size);
    put64(header->hash, hash_of(bytes, size));
}

void wasm_module_serialize(const wasm_module_t *handle, wasm_byte_vec_t *out) {
    const struct murre_module_info *info = &module_of(handle)->info;
    wasm_byte_vec_new_uninitialized(out, sizeof(struct header) + info->size);
    if (!out->size)
        return;
    fill_header((struct header *)out->data, info->bytes, info->size);
    memcpy(out->data + sizeof(struct header), info->bytes, info->size);
}

wasm_module_t *wasm_module_deserialize(wasm_store_t *store, const wasm_byte_vec_t *serialized) {
    struct header wanted;
    if (serialized->size < sizeof wanted)
        return NULL;
    const uint8_t *bytes = (const uint8_t *)serialized->data + sizeof wanted;
    size_t size = serialized->size - sizeof wanted;
    fill_header(&wanted, bytes, size);
    return memcmp(serialized->data, &wanted, sizeof wanted) == 0 ? wrap(store, make(store, bytes, size)) : NULL;
}

/* ---- instances ------------------------------------------------------------------------------------------------------------------ */

static bool extern_of(const wasm_ref_t *ref, struct murre_extern *item) {
    if (!ref || ref->kind > REF_MEMORY)
        return false;
    *item = c_item_of(ref);
    return true;
}

static wasm_ref_t *handle_of(wasm_store_t *store, const struct murre_extern *item) {
    switch (item->kind) {
    case MURRE_EXTERN_FUNC: return c_ref_of(store, REF_FUNC, item->of.func);
    case MURRE_EXTERN_GLOBAL: return c_ref_of(store, REF_GLOBAL, item->of.global);
    case MURRE_EXTERN_TABLE: return c_ref_of(store, REF_TABLE, item->of.table);
    default: return c_ref_of(store, REF_MEMORY, item->of.memory);
    }
}

wasm_instance_t *wasm_instance_new(wasm_store_t *store, const wasm_module_t *handle, const wasm_extern_vec_t *imports, wasm_trap_t **trap) {
    struct murre_module *module = module_of(handle);
    uint32_t count = murre_module_import_count(module);
    struct murre_error error = {0};
    struct murre_trap *found = NULL;
    struct murre_instance *instance = NULL;
    if (trap)
        *trap = NULL;
    struct murre_extern *items = calloc(count ? count : 1, sizeof *items);
    bool good = items && (count == 0 || (imports && imports->size >= count));
    for (uint32_t i = 0; good && i < count; i++)
        good = extern_of(c_ref(imports->data[i]), &items[i]);
    if (good)
        instance = murre_instance_new(store->store, module, items, count, &found, &error);
    free(items);
    if (instance)
        return (wasm_instance_t *)c_ref_of(store, REF_INSTANCE, instance);
    if (!found && trap)
        found = murre_trap_new(error.status != MURRE_OK ? error.message : "imports are missing");
    if (trap)
        *trap = c_trap_wrap(store, found);
    else
        murre_trap_delete(found);
    return NULL;
}

void wasm_instance_exports(const wasm_instance_t *handle, wasm_extern_vec_t *out) {
    const wasm_ref_t *ref = c_ref(handle);
    struct murre_instance *instance = ref->object;
    wasm_extern_vec_new_uninitialized(out, murre_module_export_count(murre_instance_module(instance)));
    for (size_t i = 0; i < out->size; i++) {
        struct murre_extern item;
        murre_instance_export_at(instance, (uint32_t)i, &item);
        out->data[i] = (wasm_extern_t *)handle_of(ref->store, &item);
        if (!out->data[i]) {
            wasm_extern_vec_delete(out);
            return;
        }
    }
}
