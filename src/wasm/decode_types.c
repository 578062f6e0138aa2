/* The type section (5.5.4): recursion groups of function types, with supertypes.
 *
 * Types are compared by their groups (3.1: two types are equal when they stand at the same place of groups that are equal, in which references to
 * types of the group itself count by their place). The first of the equal ones stands for all (murre_type_canon), in every word that
 * names a type; so a group is read, looked up among those before it, and then its words are put into their final form. References out of
 * a group name types before it, whose form is final already. */
#include "wasm/decode_internal.h"

#include <string.h>

#include "base/hash.h"

enum { MOST_SUPERTYPES = 63 };

/* A group of one or more types, while it is read and in the table of groups. */
struct group {
    uint32_t first, size;
    bool inner; /* it has references to types of its own */
};

struct slot {
    uint32_t hash, group; /* first type of the group + 1; 0: free */
};

struct types {
    struct decoder *d;
    uint32_t capacity; /* of the arrays of info */
    uint64_t seed;
    struct slot *slots; /* open-addressed; NULL while nothing has been looked up */
    uint32_t slot_count, slots_used;
    struct group group; /* at hand */
};

/* ---- room ---- */

static bool move_array(struct decoder *d, void **array, uint32_t count, uint32_t capacity, size_t size) {
    void *moved = decode_array(d, capacity, size);
    if (!moved)
        return false;
    if (count)
        memcpy(moved, *array, count * size);
    *array = moved;
    return true;
}

/* For so many types. The section says how many entries it has, and is believed: more are needed where a group has several. */
static bool reserve_types(struct types *t, uint64_t wanted) {
    struct murre_module_info *m = t->d->info;
    if (wanted <= t->capacity && m->types)
        return true;
    if (wanted > MURRE_MAX_TYPES) {
        murre_error_set(t->d->reader.error, MURRE_ERROR_LIMIT, murre_reader_offset(&t->d->reader), "%llu types, the limit is %d",
                        (unsigned long long)wanted, MURRE_MAX_TYPES);
        t->d->reader.end = t->d->reader.next;
        return false;
    }
    uint32_t capacity = t->capacity > wanted / 2 ? t->capacity * 2 : (uint32_t)wanted;
    if (!move_array(t->d, (void **)&m->types, m->type_count, capacity, sizeof *m->types) ||
        (m->subs && !move_array(t->d, (void **)&m->subs, m->type_count, capacity, sizeof *m->subs)) ||
        (m->canon && !move_array(t->d, (void **)&m->canon, m->type_count, capacity, sizeof *m->canon)))
        return false;
    t->capacity = capacity;
    return true;
}

static struct murre_subtype lone(uint32_t index) {
    return (struct murre_subtype){.super = MURRE_NO_TYPE, .group = index};
}

/* Most modules have none of what this array says. */
static bool need_subs(struct types *t) {
    struct murre_module_info *m = t->d->info;
    if (m->subs)
        return true;
    m->subs = decode_array(t->d, t->capacity, sizeof *m->subs);
    for (uint32_t i = 0; m->subs && i < t->group.first; i++)
        m->subs[i] = lone(i);
    return m->subs != NULL;
}

static bool need_canon(struct types *t) {
    struct murre_module_info *m = t->d->info;
    if (m->canon)
        return true;
    uint32_t *canon = decode_array(t->d, t->capacity, sizeof *canon);
    for (uint32_t i = 0; canon && i < t->group.first; i++)
        canon[i] = i;
    m->canon = canon;
    return canon != NULL;
}

/* ---- reading ---- */

/* codes: behind the list there is to be room for its own codes, of which a v128 has two, and so many more; NO_CODES: for none. */
enum { NO_CODES = UINT32_MAX };

static void read_type_list(struct types *t, const murre_valtype **types, uint32_t *count, uint32_t *slots, uint32_t limit, const char *what,
                           uint32_t codes) {
    struct decoder *d = t->d;
    *count = murre_read_count(&d->reader, 1, limit, what);
    uint64_t size = *count * sizeof(murre_valtype) + (codes == NO_CODES ? 0 : 2 * (uint64_t)*count + codes);
    murre_valtype *list = decode_array(d, size, 1);
    for (uint32_t i = 0; list && i < *count; i++) {
        if (!decode_value_type(d, &list[i]))
            return;
        *slots += murre_valtype_slots(list[i]);
        if (murre_is_concrete(list[i]) && murre_ref_index(list[i]) >= t->group.first)
            t->group.inner = true;
    }
    *types = list;
}

/* The types that later features define. */
static void refuse_form(struct murre_reader *r, uint64_t offset, uint8_t form) {
    switch (form) {
    case MURRE_FORM_ARRAY:
    case MURRE_FORM_STRUCT: murre_reader_unsupported(r, offset, MURRE_FEATURE_GC); break;
    case MURRE_FORM_DESCRIBES:
    case MURRE_FORM_DESCRIPTOR: murre_reader_unsupported(r, offset, MURRE_FEATURE_CUSTOM_DESCRIPTORS); break;
    case MURRE_FORM_CONT: murre_reader_unsupported(r, offset, MURRE_FEATURE_STACK_SWITCHING); break;
    case MURRE_FORM_SHARED: murre_reader_unsupported(r, offset, MURRE_FEATURE_SHARED_EVERYTHING); break;
    default: r->next--; murre_reader_fail(r, "malformed type: not a function type");
    }
}

static void read_function_type(struct types *t, uint32_t index) {
    struct murre_type *type = &t->d->info->types[index];
    struct murre_functype *func = &type->func;
    read_type_list(t, &func->params, &func->param_count, &type->param_slots, MURRE_MAX_PARAMS, "parameters", NO_CODES);
    read_type_list(t, &func->results, &func->result_count, &type->result_slots, MURRE_MAX_RESULTS, "results", type->param_slots);
    if (!murre_reader_ok(&t->d->reader))
        return;
    type->shape = murre_type_shape(func);
    if (func->result_count > 1)
        decode_use(t->d, MURRE_FEATURE_MULTI_VALUE);
}

/* Behind the form sub or sub final. */
static void read_supertypes(struct types *t, uint32_t index, bool is_open) {
    struct murre_reader *r = &t->d->reader;
    struct murre_subtype *sub = &t->d->info->subs[index];
    sub->is_open = is_open;
    uint64_t offset = murre_reader_offset(r);
    uint32_t count = murre_read_count(r, 1, UINT32_MAX, "supertypes");
    if (count > 1) {
        murre_reader_invalid(r, offset, "multiple supertypes");
        return;
    }
    if (!count)
        return;
    offset = murre_reader_offset(r);
    uint32_t super = murre_read_u32(r);
    if (decode_check_index(t->d, offset, super, index, "type"))
        sub->super = murre_type_canon(t->d->info, super);
}

static void read_type(struct types *t, uint32_t index) {
    struct murre_reader *r = &t->d->reader;
    uint64_t offset = murre_reader_offset(r);
    uint8_t form = murre_read_byte(r);
    if (form == MURRE_FORM_SUB || form == MURRE_FORM_SUB_FINAL) {
        decode_use(t->d, MURRE_FEATURE_FUNCTION_REFERENCES);
        if (!murre_reader_ok(r) || !need_subs(t))
            return;
        t->d->info->subs[index] = (struct murre_subtype){.super = MURRE_NO_TYPE, .group = t->group.first};
        read_supertypes(t, index, form == MURRE_FORM_SUB);
        offset = murre_reader_offset(r);
        form = murre_read_byte(r);
    }
    if (!murre_reader_ok(r))
        return;
    if (form == MURRE_FORM_FUNC)
        read_function_type(t, index);
    else
        refuse_form(r, offset, form);
}

/* ---- equal groups ---- */

static uint32_t group_end(const struct murre_module_info *m, uint32_t first) {
    uint32_t end = first + 1;
    while (m->subs && end < m->type_count && m->subs[end].group == first)
        end++;
    return end;
}

/* A word with references to the group's own types made relative to it. */
static murre_valtype relative(murre_valtype word, uint32_t first, uint32_t size) {
    if (!murre_is_concrete(word) || murre_ref_index(word) - first >= size)
        return word;
    return ((uint8_t)word | (murre_ref_index(word) - first) << MURRE_TYPE_HEAP) | MURRE_TYPE_EXACT;
}

static uint32_t relative_index(uint32_t index, uint32_t first, uint32_t size) {
    return index != MURRE_NO_TYPE && index - first < size ? index - first : index;
}

static uint64_t hash_list(uint64_t hash, const murre_valtype *list, uint32_t count, const struct group *g) {
    if (!g->inner)
        return murre_hash(hash, list, count * sizeof *list);
    murre_valtype words[16];
    for (uint32_t i = 0; i < count; i += 16) {
        uint32_t piece = count - i < 16 ? count - i : 16;
        for (uint32_t k = 0; k < piece; k++)
            words[k] = relative(list[i + k], g->first, g->size);
        hash = murre_hash(hash, words, piece * sizeof *words);
    }
    return hash;
}

static uint64_t hash_group(const struct types *t, const struct group *g) {
    const struct murre_module_info *m = t->d->info;
    uint64_t hash = t->seed ^ g->size;
    for (uint32_t i = g->first; i < g->first + g->size; i++) {
        const struct murre_functype *func = &m->types[i].func;
        hash = hash_list(hash ^ func->param_count, func->params, func->param_count, g);
        hash = hash_list(hash, func->results, func->result_count, g);
        if (m->subs && (m->subs[i].is_open || m->subs[i].super != MURRE_NO_TYPE)) {
            const uint32_t super[2] = {relative_index(m->subs[i].super, g->first, g->size), m->subs[i].is_open};
            hash = murre_hash(hash, super, sizeof super);
        }
    }
    return hash;
}

static bool lists_equal(const murre_valtype *a, const murre_valtype *b, uint32_t count, const struct group *g, uint32_t other) {
    if (!g->inner)
        return count == 0 || memcmp(a, b, count * sizeof *a) == 0;
    for (uint32_t i = 0; i < count; i++)
        if (relative(a[i], g->first, g->size) != relative(b[i], other, g->size))
            return false;
    return true;
}

/* The group at hand, and one of the table. */
static bool groups_equal(const struct types *t, const struct group *g, uint32_t other) {
    const struct murre_module_info *m = t->d->info;
    if (group_end(m, other) - other != g->size)
        return false;
    for (uint32_t i = 0; i < g->size; i++) {
        const struct murre_functype *a = &m->types[g->first + i].func, *b = &m->types[other + i].func;
        if (a->param_count != b->param_count || a->result_count != b->result_count ||
            !lists_equal(a->params, b->params, a->param_count, g, other) || !lists_equal(a->results, b->results, a->result_count, g, other))
            return false;
        if (!m->subs)
            continue;
        const struct murre_subtype *x = &m->subs[g->first + i], *y = &m->subs[other + i];
        if (x->is_open != y->is_open || (x->super == MURRE_NO_TYPE) != (y->super == MURRE_NO_TYPE) ||
            relative_index(x->super, g->first, g->size) != relative_index(y->super, other, g->size) ||
            (x->super - g->first < g->size) != (y->super - other < g->size))
            return false;
    }
    return true;
}

static bool grow_slots(struct types *t) {
    uint32_t count = t->slot_count ? t->slot_count * 2 : 64;
    while (count < 2 * (uint64_t)t->capacity && count < 1u << 22)
        count *= 2;
    struct slot *slots = murre_alloc_array(t->d->info->arena.allocator, count, sizeof *slots), *old = t->slots;
    if (!slots) {
        murre_error_memory(t->d->reader.error);
        t->d->reader.end = t->d->reader.next;
        return false;
    }
    uint32_t old_count = t->slot_count;
    t->slots = slots;
    t->slot_count = count;
    for (uint32_t i = 0; i < old_count; i++) {
        if (!old[i].group)
            continue;
        uint32_t at = old[i].hash & (count - 1);
        while (slots[at].group)
            at = (at + 1) & (count - 1);
        slots[at] = old[i];
    }
    murre_free(t->d->info->arena.allocator, old, old_count * sizeof *old);
    return true;
}

/* The first type of an equal group before; the group's own where there is none. */
static uint32_t find_equal(struct types *t) {
    const struct group *g = &t->group;
    if (2 * (uint64_t)t->slots_used >= t->slot_count && !grow_slots(t))
        return g->first;
    uint32_t hash = (uint32_t)hash_group(t, g), at = hash & (t->slot_count - 1);
    for (; t->slots[at].group; at = (at + 1) & (t->slot_count - 1))
        if (t->slots[at].hash == hash && groups_equal(t, g, t->slots[at].group - 1))
            return t->slots[at].group - 1;
    t->slots[at] = (struct slot){hash, g->first + 1};
    t->slots_used++;
    return g->first;
}

/* ---- final form ---- */

static void move_words(const murre_valtype *list, uint32_t count, const struct group *g, uint32_t to) {
    murre_valtype *words = (murre_valtype *)(uintptr_t)list;
    for (uint32_t i = 0; i < count; i++)
        if (murre_is_concrete(words[i]) && murre_ref_index(words[i]) - g->first < g->size)
            words[i] = murre_ref_to(murre_ref_index(words[i]) - g->first + to, (uint8_t)words[i] == MURRE_REF_NULL);
}

/* The group is equal to the one that starts at to. */
static void stand_for(struct types *t, uint32_t to) {
    struct murre_module_info *m = t->d->info;
    const struct group *g = &t->group;
    if (!need_canon(t))
        return;
    for (uint32_t i = 0; i < g->size; i++) {
        m->canon[g->first + i] = to + i;
        const struct murre_functype *func = &m->types[g->first + i].func;
        if (g->inner) {
            move_words(func->params, func->param_count, g, to);
            move_words(func->results, func->result_count, g, to);
        }
        if (m->subs && m->subs[g->first + i].super - g->first < g->size)
            m->subs[g->first + i].super += to - g->first;
    }
}

static uint8_t *put_list(struct decoder *d, uint8_t *codes, const murre_valtype *types, uint32_t count) {
    struct murre_module_info *m = d->info;
    for (uint32_t i = 0; i < count; i++) {
        murre_valtype word = types[i];
        if (murre_is_long_ref(word)) {
            if (!m->ref_codes)
                m->ref_codes = decode_array(d, 1, sizeof *m->ref_codes);
            word = m->ref_codes ? murre_ref_code(m->ref_codes, word) : 0;
            if (!word && murre_reader_ok(&d->reader)) {
                murre_error_set(d->reader.error, MURRE_ERROR_LIMIT, murre_reader_offset(&d->reader),
                                "more than %d types of references in function types", MURRE_REF_CODES);
                d->reader.end = d->reader.next;
            }
        }
        *codes++ = (uint8_t)word;
        if (word == MURRE_V128)
            *codes++ = MURRE_V128_HIGH;
    }
    return codes;
}

static void put_codes(struct decoder *d, const struct murre_type *type) {
    uint8_t *codes = (uint8_t *)murre_type_codes(type);
    codes = put_list(d, codes, type->func.params, type->func.param_count);
    put_list(d, codes, type->func.results, type->func.result_count);
}

/* ---- supertypes ---- */

static bool lists_match(const struct murre_module_info *m, const murre_valtype *sub, const murre_valtype *super, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!murre_subtype(m, sub[i], super[i]))
            return false;
    return true;
}

static bool functions_match(const struct murre_module_info *m, const struct murre_functype *sub, const struct murre_functype *super) {
    return sub->param_count == super->param_count && sub->result_count == super->result_count &&
           lists_match(m, super->params, sub->params, sub->param_count) && lists_match(m, sub->results, super->results, sub->result_count);
}

static void check_supertypes(struct types *t, uint64_t offset) {
    struct murre_module_info *m = t->d->info;
    if (!m->subs)
        return;
    const struct group *g = &t->group;
    for (uint32_t i = g->first; i < g->first + g->size && murre_reader_ok(&t->d->reader); i++) {
        struct murre_subtype *sub = &m->subs[i];
        if (sub->super == MURRE_NO_TYPE)
            continue;
        if (m->subs[sub->super].depth == MOST_SUPERTYPES) {
            murre_error_set(t->d->reader.error, MURRE_ERROR_LIMIT, offset, "more than %d supertypes", MOST_SUPERTYPES);
            t->d->reader.end = t->d->reader.next;
            return;
        }
        sub->depth = (uint8_t)(m->subs[sub->super].depth + 1);
    }
    for (uint32_t i = g->first; i < g->first + g->size && murre_reader_ok(&t->d->reader); i++) {
        uint32_t super = m->subs[i].super;
        if (super != MURRE_NO_TYPE && (!m->subs[super].is_open || !functions_match(m, &m->types[i].func, &m->types[super].func)))
            murre_reader_invalid(&t->d->reader, offset, "sub type %u does not match super type %u", i, super);
    }
}

/* ---- the section ---- */

static void decode_group(struct types *t, uint32_t size) {
    struct murre_module_info *m = t->d->info;
    struct murre_reader *r = &t->d->reader;
    uint64_t offset = murre_reader_offset(r);
    t->group = (struct group){.first = m->type_count, .size = size};
    if (size > 1 && !need_subs(t))
        return;
    m->type_count += size; /* its types may name each other */
    for (uint32_t i = t->group.first; i < m->type_count; i++) {
        if (m->subs)
            m->subs[i] = (struct murre_subtype){.super = MURRE_NO_TYPE, .group = t->group.first};
        if (m->canon)
            m->canon[i] = i;
    }
    for (uint32_t i = t->group.first; i < m->type_count && murre_reader_ok(r); i++)
        read_type(t, i);
    if (!murre_reader_ok(r))
        return;
    if (t->d->supported >> MURRE_FEATURE_FUNCTION_REFERENCES & 1) {
        uint32_t equal = find_equal(t);
        if (equal != t->group.first)
            stand_for(t, equal);
        check_supertypes(t, offset);
    }
    for (uint32_t i = t->group.first; i < m->type_count && murre_reader_ok(r); i++)
        put_codes(t->d, &m->types[i]);
}

void decode_types(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct types t = {.d = d, .seed = murre_hash_seed()};
    uint32_t left = murre_read_count(r, 1, MURRE_MAX_TYPES, "types");
    for (; murre_reader_ok(r) && reserve_types(&t, (uint64_t)d->info->type_count + left) && left; left--) {
        uint32_t size = 1;
        if (r->next != r->end && *r->next == MURRE_FORM_REC) {
            decode_use(d, MURRE_FEATURE_FUNCTION_REFERENCES);
            if (!murre_reader_ok(r))
                break;
            r->next++;
            size = murre_read_count(r, 1, MURRE_MAX_TYPES, "types");
            if (!murre_reader_ok(r) || !reserve_types(&t, (uint64_t)d->info->type_count + size + (left - 1)))
                break;
        }
        if (size)
            decode_group(&t, size);
        if (!murre_reader_ok(r))
            break;
    }
    murre_free(d->info->arena.allocator, t.slots, t.slot_count * sizeof *t.slots);
}
