/* Exports, start, elements, code and data: see decode.c. */
#include "wasm/decode_internal.h"

#include <string.h>

#include "base/hash.h"

/* ---- exports ----------------------------------------------------------------------------------------------------- */

/* An open-addressed set of the names so far. */
struct name_slot {
    uint32_t hash, export; /* index + 1 */
};
struct name_set {
    struct name_slot *slots;
    uint32_t mask;
    uint64_t seed;
};

static bool add_name(struct name_set *set, const struct murre_module_info *m, uint32_t index) {
    struct murre_name name = m->exports[index].name;
    uint64_t hash = murre_hash(set->seed, name.data, name.size);
    uint32_t check = (uint32_t)(hash >> 32), i = (uint32_t)hash & set->mask;
    for (; set->slots[i].export; i = (i + 1) & set->mask) {
        struct murre_name other = m->exports[set->slots[i].export - 1].name;
        if (set->slots[i].hash == check && other.size == name.size && memcmp(other.data, name.data, name.size) == 0)
            return false;
    }
    set->slots[i] = (struct name_slot){check, index + 1};
    return true;
}

static uint32_t kind_count(const struct murre_module_info *m, uint8_t kind) {
    switch (kind) {
    case MURRE_EXTERN_FUNC: return m->func_count;
    case MURRE_EXTERN_TABLE: return m->table_count;
    case MURRE_EXTERN_MEMORY: return m->memory_count;
    case MURRE_EXTERN_GLOBAL: return m->global_count;
    default: return 0;
    }
}

static void read_export(struct decoder *d, struct murre_export_entry *entry) {
    static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    entry->name = murre_read_name(r);
    entry->kind = murre_read_byte(r);
    if (murre_reader_ok(r) && entry->kind > MURRE_EXTERN_TAG) {
        r->next--;
        murre_reader_fail(r, "malformed export kind");
        return;
    }
    uint64_t offset = murre_reader_offset(r);
    entry->index = murre_read_u32(r);
    if (!murre_reader_ok(r) || !decode_check_index(d, offset, entry->index, kind_count(m, entry->kind), kinds[entry->kind]))
        return;
    if (entry->kind == MURRE_EXTERN_FUNC)
        m->declared[entry->index / 64] |= (uint64_t)1 << (entry->index % 64);
    if (entry->kind == MURRE_EXTERN_GLOBAL && m->globals[entry->index].is_mutable)
        decode_use(d, MURRE_FEATURE_MUTABLE_GLOBALS);
}

void decode_exports(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(r, 3, MURRE_MAX_EXPORTS, "exports");
    m->exports = decode_array(d, count, sizeof *m->exports);
    uint32_t size = 16;
    while (size < count * 2)
        size *= 2;
    struct name_set set = {murre_alloc_array(m->arena.allocator, size, sizeof *set.slots), size - 1, murre_hash_seed()};
    if (!set.slots)
        murre_error_memory(r->error);
    for (; m->exports && m->export_count < count && murre_reader_ok(r); m->export_count++) {
        uint64_t offset = murre_reader_offset(r);
        read_export(d, &m->exports[m->export_count]);
        if (murre_reader_ok(r) && !add_name(&set, m, m->export_count))
            murre_reader_invalid(r, offset, "duplicate export name");
    }
    murre_free(m->arena.allocator, set.slots, size * sizeof *set.slots);
}

void decode_start(struct decoder *d) {
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(&d->reader);
    uint32_t func = murre_read_u32(&d->reader);
    if (!decode_check_index(d, offset, func, m->func_count, "function"))
        return;
    const struct murre_functype *type = &murre_module_func_type(m, func)->func;
    if (type->param_count || type->result_count)
        murre_reader_invalid(&d->reader, offset, "start function must have no parameters and no results");
    m->start = func;
}

/* ---- element segments (5.5.12) ----------------------------------------------------------------------------------- */

static void read_elem_functions(struct decoder *d, struct murre_elem_segment *segment) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    segment->count = murre_read_count(r, 1, MURRE_MAX_SEGMENT_ENTRIES, "element segment entries");
    uint32_t *funcs = decode_array(d, segment->count, sizeof *funcs);
    for (uint32_t i = 0; funcs && i < segment->count && murre_reader_ok(r); i++) {
        uint64_t offset = murre_reader_offset(r);
        funcs[i] = murre_read_u32(r);
        if (decode_check_index(d, offset, funcs[i], m->func_count, "function"))
            m->declared[funcs[i] / 64] |= (uint64_t)1 << (funcs[i] % 64);
    }
    segment->funcs = funcs;
}

static void read_elem_expressions(struct decoder *d, struct murre_elem_segment *segment) {
    struct murre_reader *r = &d->reader;
    segment->count = murre_read_count(r, 2, MURRE_MAX_SEGMENT_ENTRIES, "element segment entries");
    struct murre_constexpr *exprs = decode_array(d, segment->count, sizeof *exprs);
    for (uint32_t i = 0; exprs && i < segment->count && murre_reader_ok(r); i++)
        murre_read_constexpr(r, d->info, d->supported, segment->type, d->info->global_count, &exprs[i]);
    segment->exprs = exprs;
}

static void read_elem(struct decoder *d, struct murre_elem_segment *segment) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(r);
    uint32_t flags = murre_read_u32(r);
    if (flags >= 8 && flags <= 15) {
        murre_reader_unsupported(r, offset, MURRE_FEATURE_SHARED_EVERYTHING);
        return;
    }
    if (murre_reader_ok(r) && flags > 7) {
        r->next--;
        murre_reader_fail(r, "malformed elements segment kind");
        return;
    }
    if (flags)
        decode_use(d, flags & 4 || flags & 2 ? MURRE_FEATURE_REFERENCE_TYPES : MURRE_FEATURE_BULK_MEMORY);
    bool is_passive_or_declarative = flags & 1, explicit_table = flags & 2, expressions = flags & 4;
    segment->type = expressions ? MURRE_FUNCREF : murre_ref_not_null(MURRE_FUNCREF);
    segment->mode = !is_passive_or_declarative ? MURRE_SEGMENT_ACTIVE : explicit_table ? MURRE_SEGMENT_DECLARATIVE : MURRE_SEGMENT_PASSIVE;
    if (segment->mode == MURRE_SEGMENT_ACTIVE) {
        segment->table = explicit_table ? murre_read_u32(r) : 0;
        if (!decode_check_index(d, offset, segment->table, m->table_count, "table") ||
            !murre_read_constexpr(r, m, d->supported, MURRE_I32, m->global_count, &segment->offset))
            return;
    }
    if (flags & 3) {
        if (expressions) {
            if (!murre_read_reftype(r, m, d->supported, &segment->type))
                return;
            if (murre_is_long_ref(segment->type))
                decode_use(d, MURRE_FEATURE_FUNCTION_REFERENCES);
        } else if (murre_read_byte(r) != 0 && murre_reader_ok(r)) {
            r->next--;
            murre_reader_fail(r, "malformed element kind");
            return;
        }
    }
    if (expressions)
        read_elem_expressions(d, segment);
    else
        read_elem_functions(d, segment);
    if (murre_reader_ok(r) && segment->mode == MURRE_SEGMENT_ACTIVE && !murre_subtype(m, segment->type, m->tables[segment->table].type))
        murre_reader_invalid(r, offset, "type mismatch: element segment of %s for a table of %s", murre_type_text(segment->type).text,
                             murre_type_text(m->tables[segment->table].type).text);
}

void decode_elems(struct decoder *d) {
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(&d->reader, 2, MURRE_MAX_ELEM_SEGMENTS, "element segments");
    m->elems = decode_array(d, count, sizeof *m->elems);
    for (; m->elems && m->elem_count < count && murre_reader_ok(&d->reader); m->elem_count++)
        read_elem(d, &m->elems[m->elem_count]);
}

/* ---- code and data ----------------------------------------------------------------------------------------------- */

/* Walks the sizes of the bodies only; the front end reads the rest when a function is wanted. */
void decode_code(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(r);
    uint32_t count = murre_read_count(r, 1, MURRE_MAX_FUNCTIONS, "function bodies");
    if (murre_reader_ok(r) && count != m->func_count - m->func_import_count) {
        murre_error_set(r->error, MURRE_ERROR_MALFORMED, offset, "function and code section have inconsistent lengths");
        r->next = r->end;
        return;
    }
    m->bodies = decode_array(d, count, sizeof *m->bodies);
    for (; m->bodies && d->body_count < count; d->body_count++) {
        offset = murre_reader_offset(r);
        m->bodies[d->body_count] = (uint32_t)offset;
        uint32_t size = murre_read_u32(r);
        if (size > murre_reader_left(r))
            murre_reader_fail(r, "unexpected end: a function's length is out of bounds");
        else if (size > MURRE_MAX_BODY_SIZE)
            murre_error_set(r->error, MURRE_ERROR_LIMIT, offset, "function of %u bytes, the limit is %d", size, MURRE_MAX_BODY_SIZE);
        if (!murre_reader_ok(r))
            return;
        r->next += size;
    }
}

void decode_data_count(struct decoder *d) {
    d->info->has_data_count = true;
    d->declared_data_count = murre_read_u32(&d->reader);
    decode_use(d, MURRE_FEATURE_BULK_MEMORY);
    /* memory.init is validated against it before the data section is read. */
    d->info->data_count = 0;
}

static void read_data(struct decoder *d, struct murre_data_segment *segment) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(r);
    uint32_t flags = murre_read_u32(r);
    if (flags >= 8 && flags <= 10) {
        murre_reader_unsupported(r, offset, MURRE_FEATURE_SHARED_EVERYTHING);
        return;
    }
    if (murre_reader_ok(r) && flags > 2) {
        r->next--;
        murre_reader_fail(r, "malformed data segment kind");
        return;
    }
    segment->mode = flags == 1 ? MURRE_SEGMENT_PASSIVE : MURRE_SEGMENT_ACTIVE;
    if (flags == 1)
        decode_use(d, MURRE_FEATURE_BULK_MEMORY);
    if (segment->mode == MURRE_SEGMENT_ACTIVE) {
        segment->memory = flags == 2 ? murre_read_u32(r) : 0;
        if (!decode_check_index(d, offset, segment->memory, m->memory_count, "memory") ||
            !murre_read_constexpr(r, m, d->supported, MURRE_I32, m->global_count, &segment->offset))
            return;
    }
    segment->size = murre_read_u32(r);
    segment->bytes = murre_read_bytes(r, segment->size);
}

void decode_datas(struct decoder *d) {
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(&d->reader, 2, MURRE_MAX_DATA_SEGMENTS, "data segments");
    m->datas = decode_array(d, count, sizeof *m->datas);
    for (; m->datas && m->data_count < count && murre_reader_ok(&d->reader); m->data_count++)
        read_data(d, &m->datas[m->data_count]);
}
