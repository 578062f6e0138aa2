/* The registry of function types: see types.h. A chained hash table over an array of entries; an entry's number is the type's id. Freed
 * numbers form a list. Types come from hostile modules, so the hash is keyed. Everything here runs under engine->lock. */
#include "runtime/types.h"

#include <string.h>

#include "base/hash.h"
#include "runtime/tier.h"

struct entry {
    struct murre_functype type; /* its arrays are one block of their own: parameters, then results */
    uint64_t hash;
    uint64_t users; /* 0: free */
    uint32_t next;  /* in the bucket, or in the list of free entries; 0 ends */
};

struct murre_type_registry {
    const struct murre_allocator *allocator;
    uint64_t seed;
    struct entry *entries; /* [0] is unused */
    uint32_t size, capacity;
    uint32_t free;
    uint32_t used;
    uint64_t bytes;    /* of entries, arrays and buckets in use, about */
    uint32_t *buckets; /* a power of two */
    uint32_t bucket_count;
};

enum { FIRST_CAPACITY = 64 };

bool murre_types_equal(const struct murre_functype *a, const struct murre_functype *b) {
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           (a->param_count == 0 || memcmp(a->params, b->params, a->param_count * sizeof *a->params) == 0) &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count * sizeof *a->results) == 0);
}

struct murre_type_registry *murre_types_new(const struct murre_allocator *allocator) {
    struct murre_type_registry *registry = murre_alloc_zero(allocator, sizeof *registry);
    if (!registry)
        return NULL;
    registry->allocator = allocator;
    registry->seed = murre_hash_seed();
    registry->size = 1;
    return registry;
}

enum { ENTRY_BYTES = sizeof(struct entry) + sizeof(uint32_t) + 16 }; /* with its bucket, and what the allocator adds to its arrays */

static size_t arrays_size(const struct murre_functype *type) {
    return ((size_t)type->param_count + type->result_count) * sizeof(murre_valtype);
}

void murre_types_delete(struct murre_type_registry *registry) {
    if (!registry)
        return;
    const struct murre_allocator *allocator = registry->allocator;
    for (uint32_t id = 1; id < registry->size; id++)
        if (registry->entries[id].users)
            murre_free(allocator, (void *)registry->entries[id].type.params, arrays_size(&registry->entries[id].type));
    murre_free(allocator, registry->entries, registry->capacity * sizeof *registry->entries);
    murre_free(allocator, registry->buckets, registry->bucket_count * sizeof *registry->buckets);
    murre_free(allocator, registry, sizeof *registry);
}

static uint64_t hash_type(const struct murre_type_registry *registry, const struct murre_functype *type) {
    uint64_t hash = murre_hash(registry->seed ^ type->param_count, type->params, type->param_count * sizeof *type->params);
    return murre_hash(hash, type->results, type->result_count * sizeof *type->results);
}

static uint32_t *bucket_of(struct murre_type_registry *registry, uint64_t hash) {
    return &registry->buckets[hash & (registry->bucket_count - 1)];
}

/* Spreads the entries over as many buckets as there is room for. Without memory the old buckets go on serving. */
static bool rehash(struct murre_type_registry *registry) {
    uint32_t *buckets = murre_alloc_array(registry->allocator, registry->capacity, sizeof *buckets);
    if (!buckets)
        return registry->buckets != NULL;
    murre_free(registry->allocator, registry->buckets, registry->bucket_count * sizeof *registry->buckets);
    registry->buckets = buckets;
    registry->bucket_count = registry->capacity;
    for (uint32_t id = 1; id < registry->size; id++) {
        if (!registry->entries[id].users)
            continue;
        uint32_t *bucket = bucket_of(registry, registry->entries[id].hash);
        registry->entries[id].next = *bucket;
        *bucket = id;
    }
    return true;
}

/* Room for one more entry. */
static bool grow(struct murre_type_registry *registry) {
    if (registry->size == registry->capacity || registry->capacity == 0) {
        if (registry->free)
            return true;
        if (registry->capacity > UINT32_MAX / 4)
            return false;
        uint32_t capacity = registry->capacity ? registry->capacity * 2 : FIRST_CAPACITY;
        struct entry *entries =
            murre_realloc(registry->allocator, registry->entries, registry->capacity * sizeof *entries, capacity * sizeof *entries);
        if (!entries)
            return false;
        registry->entries = entries;
        registry->capacity = capacity;
        return rehash(registry);
    }
    return registry->buckets || rehash(registry);
}

static bool copy_type(struct murre_type_registry *registry, struct murre_functype *copy, const struct murre_functype *type) {
    murre_valtype *values = murre_alloc(registry->allocator, arrays_size(type));
    if (!values)
        return false;
    if (type->param_count)
        memcpy(values, type->params, type->param_count * sizeof *values);
    if (type->result_count)
        memcpy(values + type->param_count, type->results, type->result_count * sizeof *values);
    *copy = (struct murre_functype){values, values + type->param_count, type->param_count, type->result_count};
    return true;
}

/* 0 when memory is short. */
static uint32_t intern(struct murre_type_registry *registry, const struct murre_functype *type) {
    uint64_t hash = hash_type(registry, type);
    if (registry->bucket_count)
        for (uint32_t id = *bucket_of(registry, hash); id; id = registry->entries[id].next) {
            struct entry *entry = &registry->entries[id];
            if (entry->hash == hash && murre_types_equal(&entry->type, type)) {
                entry->users++;
                return id;
            }
        }
    struct murre_functype copy;
    if (!grow(registry) || !copy_type(registry, &copy, type))
        return 0;
    uint32_t id = registry->free;
    if (id)
        registry->free = registry->entries[id].next;
    else
        id = registry->size++;
    uint32_t *bucket = bucket_of(registry, hash);
    registry->entries[id] = (struct entry){copy, hash, 1, *bucket};
    *bucket = id;
    registry->used++;
    registry->bytes += ENTRY_BYTES + arrays_size(type);
    return id;
}

static void release(struct murre_type_registry *registry, uint32_t id) {
    struct entry *entry = &registry->entries[id];
    if (--entry->users)
        return;
    uint32_t *link = bucket_of(registry, entry->hash);
    while (*link != id)
        link = &registry->entries[*link].next;
    *link = entry->next;
    registry->bytes -= ENTRY_BYTES + arrays_size(&entry->type);
    murre_free(registry->allocator, (void *)entry->type.params, arrays_size(&entry->type));
    entry->next = registry->free;
    registry->free = id;
    registry->used--;
}

enum murre_status murre_types_intern_within(struct murre_engine *engine, const struct murre_type *types, uint32_t count, uint32_t *ids,
                                            uint64_t *bytes) {
    struct murre_type_registry *registry = engine->types;
    enum murre_status status = MURRE_OK;
    uint32_t done = 0;
    murre_tier_lock(engine);
    uint64_t before = registry->bytes, most = *bytes;
    for (; done < count && status == MURRE_OK; done++) {
        ids[done] = intern(registry, &types[done].func);
        if (ids[done] == 0) {
            status = MURRE_ERROR_MEMORY;
            break;
        }
        status = registry->bytes - before > most ? MURRE_ERROR_LIMIT : MURRE_OK;
    }
    *bytes = registry->bytes - before;
    while (status != MURRE_OK && done > 0)
        release(registry, ids[--done]);
    murre_tier_unlock(engine);
    return status;
}

bool murre_types_intern(struct murre_engine *engine, const struct murre_type *types, uint32_t count, uint32_t *ids) {
    uint64_t any = UINT64_MAX;
    return murre_types_intern_within(engine, types, count, ids, &any) == MURRE_OK;
}

void murre_types_release(struct murre_engine *engine, const uint32_t *ids, uint32_t count) {
    murre_tier_lock(engine);
    for (uint32_t i = 0; i < count; i++)
        release(engine->types, ids[i]);
    murre_tier_unlock(engine);
}

uint32_t murre_types_count(struct murre_engine *engine) {
    murre_tier_lock(engine);
    uint32_t count = engine->types->used;
    murre_tier_unlock(engine);
    return count;
}
