/* The registry of function types: see types.h. A chained hash table of recursion groups over an array of entries, one per type; an entry's number is
 * the type's id. Types that a group refers to are interned with it by whoever interns it, so they live as long. Freed
 * numbers form a list. Types come from hostile modules, so the hash is keyed. Everything here runs under engine->lock. */
#include "runtime/types.h"

#include <string.h>

#include "base/hash.h"
#include "runtime/store.h"
#include "runtime/tier.h"
#include "wasm/subtype.h"

/* Words name other types by their ids; those of the type's own group by their places in it, marked with MURRE_TYPE_EXACT. */
struct entry {
    struct murre_functype type; /* its arrays are one block of their own: parameters, then results */
    uint64_t hash;              /* of the whole group; of the first of it */
    uint64_t users;             /* 0: free, or not the first of its group */
    uint32_t next;              /* in the bucket, or in the list of free entries; 0 ends */
    uint32_t group_next;        /* the next type of its group; 0 ends */
    uint32_t super;             /* an id, or a place in the group and IN_GROUP; 0: none */
    uint32_t super_id;          /* the id in either case */
    bool is_open;
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
        if (registry->entries[id].type.params)
            murre_free(allocator, (void *)registry->entries[id].type.params, arrays_size(&registry->entries[id].type));
    murre_free(allocator, registry->entries, registry->capacity * sizeof *registry->entries);
    murre_free(allocator, registry->buckets, registry->bucket_count * sizeof *registry->buckets);
    murre_free(allocator, registry, sizeof *registry);
}

enum { IN_GROUP = 1u << 31 };

/* A type of a group that is looked for, with words as in an entry. */
struct form {
    struct murre_functype type;
    uint32_t super;
    bool is_open, mapped; /* mapped: its arrays are a block of its own */
};

static uint64_t hash_forms(const struct murre_type_registry *registry, const struct form *forms, uint32_t count) {
    uint64_t hash = registry->seed ^ count;
    for (const struct form *form = forms; form < forms + count; form++) {
        const struct murre_functype *type = &form->type;
        hash = murre_hash(hash ^ type->param_count, type->params, type->param_count * sizeof *type->params);
        hash = murre_hash(hash, type->results, type->result_count * sizeof *type->results);
        hash ^= (uint64_t)form->super << 1 | form->is_open;
    }
    return hash;
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
            continue; /* free, or found by the first of its group */
        uint32_t *bucket = bucket_of(registry, registry->entries[id].hash);
        registry->entries[id].next = *bucket;
        *bucket = id;
    }
    return true;
}

/* Room for so many more entries. */
static bool grow(struct murre_type_registry *registry, uint32_t count) {
    uint64_t needed = (uint64_t)registry->size + count;
    if (needed <= registry->capacity)
        return registry->buckets || rehash(registry);
    uint64_t capacity = registry->capacity ? (uint64_t)registry->capacity * 2 : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (count == 1 && registry->free)
        return true;
    if (needed > MURRE_TYPE_INDEX) /* words have room for such ids */
        return false;
    struct entry *entries =
        murre_realloc(registry->allocator, registry->entries, registry->capacity * sizeof *entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    registry->entries = entries;
    registry->capacity = (uint32_t)capacity;
    return rehash(registry);
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

static bool equals(const struct murre_type_registry *registry, uint32_t id, const struct form *forms, uint32_t count) {
    for (const struct form *form = forms; form < forms + count; form++, id = registry->entries[id].group_next) {
        const struct entry *entry = &registry->entries[id];
        if (id == 0 || entry->super != form->super || entry->is_open != form->is_open || !murre_types_equal(&entry->type, &form->type))
            return false;
    }
    return id == 0;
}

static void free_entry(struct murre_type_registry *registry, uint32_t id) {
    struct entry *entry = &registry->entries[id];
    registry->bytes -= ENTRY_BYTES + arrays_size(&entry->type);
    murre_free(registry->allocator, (void *)entry->type.params, arrays_size(&entry->type));
    *entry = (struct entry){.next = registry->free};
    registry->free = id;
    registry->used--;
}

/* An entry that belongs to no group yet; 0 without memory. */
static uint32_t new_entry(struct murre_type_registry *registry, const struct form *form) {
    struct murre_functype copy;
    if (!grow(registry, 1) || !copy_type(registry, &copy, &form->type))
        return 0;
    uint32_t id = registry->free;
    if (id)
        registry->free = registry->entries[id].next;
    else
        id = registry->size++;
    registry->entries[id] = (struct entry){.type = copy, .super = form->super, .is_open = form->is_open};
    registry->used++;
    registry->bytes += ENTRY_BYTES + arrays_size(&form->type);
    return id;
}

static void free_group(struct murre_type_registry *registry, uint32_t id) {
    while (id) {
        uint32_t next = registry->entries[id].group_next;
        free_entry(registry, id);
        id = next;
    }
}

static void set_super_ids(struct murre_type_registry *registry, uint32_t first) {
    for (uint32_t id = first; id; id = registry->entries[id].group_next) {
        struct entry *entry = &registry->entries[id];
        entry->super_id = entry->super;
        if (!(entry->super & IN_GROUP))
            continue;
        entry->super_id = first;
        for (uint32_t place = entry->super & ~IN_GROUP; place; place--)
            entry->super_id = registry->entries[entry->super_id].group_next;
    }
}

/* The id of the group's first type; the others follow it by group_next. 0 when memory is short. */
static uint32_t intern(struct murre_type_registry *registry, const struct form *forms, uint32_t count) {
    uint64_t hash = hash_forms(registry, forms, count);
    if (registry->bucket_count)
        for (uint32_t id = *bucket_of(registry, hash); id; id = registry->entries[id].next)
            if (registry->entries[id].hash == hash && equals(registry, id, forms, count)) {
                registry->entries[id].users++;
                return id;
            }
    uint32_t first = 0;
    for (uint32_t i = count; i--;) {
        uint32_t id = new_entry(registry, &forms[i]);
        if (!id) {
            free_group(registry, first);
            return 0;
        }
        registry->entries[id].group_next = first;
        first = id;
    }
    set_super_ids(registry, first);
    uint32_t *bucket = bucket_of(registry, hash);
    registry->entries[first].hash = hash;
    registry->entries[first].users = 1;
    registry->entries[first].next = *bucket;
    *bucket = first;
    return first;
}

static void release(struct murre_type_registry *registry, uint32_t id) {
    struct entry *entry = &registry->entries[id];
    if (--entry->users)
        return;
    uint32_t *link = bucket_of(registry, entry->hash);
    while (*link != id)
        link = &registry->entries[*link].next;
    *link = entry->next;
    free_group(registry, id);
}

/* ---- a module's types ---- */

/* A group of a module's types; ids of the types before it are known. */
struct group {
    const struct murre_module_info *info;
    const uint32_t *ids;
    uint32_t first, size;
};

static bool is_own(const struct group *g, uint32_t index) {
    return index - g->first < g->size;
}

static bool has_concrete(const struct murre_functype *type) {
    for (uint32_t i = 0; i < type->param_count; i++)
        if (murre_is_concrete(type->params[i]))
            return true;
    for (uint32_t i = 0; i < type->result_count; i++)
        if (murre_is_concrete(type->results[i]))
            return true;
    return false;
}

static void map_words(const struct group *g, murre_valtype *to, const murre_valtype *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = murre_ref_index(from[i]);
        to[i] = from[i];
        if (!murre_is_concrete(from[i]))
            continue;
        bool own = is_own(g, index);
        uint32_t name = own ? index - g->first : g->ids[index];
        to[i] = murre_ref_to(name, murre_is_nullable(from[i])) | (own ? MURRE_TYPE_EXACT : 0);
    }
}

static bool make_form(const struct murre_type_registry *registry, const struct group *g, uint32_t index, struct form *form) {
    const struct murre_functype *type = &g->info->types[index].func;
    const struct murre_subtype *sub = g->info->subs ? &g->info->subs[index] : NULL;
    *form = (struct form){.type = *type};
    if (sub && sub->super != MURRE_NO_TYPE)
        form->super = is_own(g, sub->super) ? (sub->super - g->first) | IN_GROUP : g->ids[sub->super];
    form->is_open = sub && sub->is_open;
    if (!g->info->ref_codes || !has_concrete(type))
        return true;
    murre_valtype *words = murre_alloc(registry->allocator, arrays_size(type));
    if (!words)
        return false;
    form->mapped = true;
    form->type.params = words;
    form->type.results = words + type->param_count;
    map_words(g, words, type->params, type->param_count);
    map_words(g, words + type->param_count, type->results, type->result_count);
    return true;
}

static void drop_forms(const struct murre_type_registry *registry, struct form *forms, uint32_t count, const struct form *few) {
    for (uint32_t i = 0; i < count; i++)
        if (forms[i].mapped)
            murre_free(registry->allocator, (void *)forms[i].type.params, arrays_size(&forms[i].type));
    if (forms != few)
        murre_free(registry->allocator, forms, count * sizeof *forms);
}

static bool intern_group(struct murre_type_registry *registry, const struct group *g, uint32_t *ids) {
    struct form few[4], *forms = g->size <= 4 ? few : murre_alloc_array(registry->allocator, g->size, sizeof *forms);
    if (!forms)
        return false;
    uint32_t made = 0;
    bool done = true;
    for (; made < g->size && done; made++)
        done = make_form(registry, g, g->first + made, &forms[made]);
    uint32_t id = done ? intern(registry, forms, g->size) : 0;
    for (uint32_t i = made; i < g->size; i++)
        forms[i].mapped = false;
    drop_forms(registry, forms, g->size, few);
    done = id != 0;
    for (uint32_t i = 0; i < g->size && done; i++, id = registry->entries[id].group_next)
        ids[g->first + i] = id;
    return done;
}

static uint32_t group_size(const struct murre_module_info *info, uint32_t first) {
    uint32_t end = first + 1;
    while (info->subs && end < info->type_count && info->subs[end].group == first)
        end++;
    return end - first;
}

/* Groups that stand for themselves. */
static void release_groups(struct murre_type_registry *registry, const struct murre_module_info *info, const uint32_t *ids, uint32_t end) {
    for (uint32_t i = 0; i < end; i++)
        if (murre_type_canon(info, i) == i && (!info->subs || info->subs[i].group == i))
            release(registry, ids[i]);
}

enum murre_status murre_types_intern_module(struct murre_engine *engine, const struct murre_module_info *info, uint32_t *ids,
                                            uint64_t *bytes) {
    struct murre_type_registry *registry = engine->types;
    enum murre_status status = MURRE_OK;
    uint32_t done = 0;
    murre_tier_lock(engine);
    uint64_t before = registry->bytes, most = *bytes;
    while (done < info->type_count && status == MURRE_OK) {
        struct group g = {info, ids, done, group_size(info, done)};
        if (murre_type_canon(info, done) != done) {
            for (uint32_t i = done; i < done + g.size; i++)
                ids[i] = ids[info->canon[i]];
        } else if (!intern_group(registry, &g, ids)) {
            status = MURRE_ERROR_MEMORY;
            break;
        }
        done += g.size;
        status = registry->bytes - before > most ? MURRE_ERROR_LIMIT : MURRE_OK;
    }
    *bytes = registry->bytes - before;
    if (status != MURRE_OK)
        release_groups(registry, info, ids, done);
    murre_tier_unlock(engine);
    return status;
}

void murre_types_release_module(struct murre_engine *engine, const struct murre_module_info *info, const uint32_t *ids) {
    murre_tier_lock(engine);
    release_groups(engine->types, info, ids, info->type_count);
    murre_tier_unlock(engine);
}

uint32_t murre_types_intern(struct murre_engine *engine, const struct murre_functype *type) {
    const struct form form = {.type = *type};
    murre_tier_lock(engine);
    uint32_t id = intern(engine->types, &form, 1);
    murre_tier_unlock(engine);
    return id;
}

void murre_types_release(struct murre_engine *engine, uint32_t id) {
    murre_tier_lock(engine);
    release(engine->types, id);
    murre_tier_unlock(engine);
}

murre_valtype murre_types_word(const struct murre_module *module, murre_valtype word) {
    return murre_is_concrete(word) ? murre_ref_to(module->type_ids[murre_ref_index(word)], murre_is_nullable(word)) : word;
}

bool murre_types_match(struct murre_engine *engine, murre_valtype sub, murre_valtype super) {
    if (!murre_is_concrete(sub) || !murre_is_concrete(super))
        return murre_subtype(NULL, sub, super);
    if (murre_is_nullable(sub) && !murre_is_nullable(super))
        return false;
    murre_tier_lock(engine);
    uint32_t id = murre_ref_index(sub);
    while (id && id != murre_ref_index(super))
        id = engine->types->entries[id].super_id;
    murre_tier_unlock(engine);
    return id;
}

bool murre_types_is_func(murre_valtype word) {
    return murre_is_concrete(word) || murre_subtype(NULL, word, MURRE_FUNCREF);
}

bool murre_types_hold(const struct murre_store *store, murre_valtype word, void *ref) {
    if (!murre_is_ref(word))
        return true;
    if (!ref)
        return murre_is_nullable(word);
    if (!murre_types_is_func(word))
        return true;
    return murre_func_store(ref) == store && (!murre_is_concrete(word) || murre_func_is_of(ref, murre_ref_index(word)));
}

bool murre_func_has_super(const struct murre_func *func, uint32_t type_id) {
    if (!func->instance)
        return false;
    const struct murre_module *module = func->instance->module;
    const struct murre_module_info *info = &module->info;
    if (!info->subs)
        return false;
    uint32_t type = murre_type_canon(info, info->func_types[func->index]);
    while ((type = info->subs[type].super) != MURRE_NO_TYPE)
        if (module->type_ids[type] == type_id)
            return true;
    return false;
}

uint32_t murre_types_count(struct murre_engine *engine) {
    murre_tier_lock(engine);
    uint32_t count = engine->types->used;
    murre_tier_unlock(engine);
    return count;
}
