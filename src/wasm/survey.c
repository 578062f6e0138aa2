/* See survey.h. Each section is read separately, with an error of its own, so that a fault in one does not affect the others. Without an arena to keep
 * entries in, only features are recorded. */
#include "wasm/survey.h"

#include <string.h>

#include "wasm/limits.h"
#include "wasm/scan.h"
#include "wasm/types.h"
#include "wasm/walk.h"

#define FEATURE(id) ((murre_features)1 << MURRE_FEATURE_##id)

enum { SECTION_TAG = 13 };

enum array {
    ARRAY_TYPES,
    ARRAY_IMPORTS,
    ARRAY_FUNCS,
    ARRAY_TABLES,
    ARRAY_MEMORIES,
    ARRAY_GLOBALS,
    ARRAY_TAGS,
    ARRAY_EXPORTS,
    ARRAY_SECTIONS,
    ARRAY_COUNT
};

struct survey {
    struct murre_module_info *info;
    bool keeps, failed;
    struct murre_reader reader; /* of the current section */
    struct murre_scan scan;
    uint32_t capacity[ARRAY_COUNT];     /* of the arrays of info */
    uint32_t table_count, memory_count; /* kept or not */
};

static void use(struct survey *s, murre_features features) {
    s->info->features |= features;
}

static bool has_room(const struct survey *s, size_t more) {
    return s->info->arena.total + more <= murre_module_most_memory(s->info->size);
}

/* Room in an array for one more, and one zeroed behind it. */
static bool reserve(struct survey *s, enum array which, void **array, uint32_t count, size_t size) {
    uint32_t *capacity = &s->capacity[which];
    if (count + 1 < *capacity)
        return true;
    uint32_t grown = *capacity ? *capacity * 2 : 16;
    char *moved = has_room(s, grown * size) ? murre_arena_alloc(&s->info->arena, grown * size) : NULL;
    if (!moved) {
        s->failed = true;
        return false;
    }
    if (count)
        memcpy(moved, *array, count * size);
    memset(moved + count * size, 0, (grown - count) * size);
    *array = moved;
    *capacity = grown;
    return true;
}

/* The next element of an array, zeroed; NULL when nothing is kept. */
static void *add(struct survey *s, enum array which, void **array, uint32_t *count, size_t size) {
    if (!s->keeps || s->failed || !reserve(s, which, array, *count, size))
        return NULL;
    return (char *)*array + (*count)++ * size;
}
#define ADD(s, which, array, count) add(s, which, (void **)&(s)->info->array, &(s)->info->count, sizeof *(s)->info->array)

/* ---- types ---- */

static murre_valtype read_type(struct survey *s) {
    struct murre_walk_type type = murre_walk_type(&s->reader);
    if (murre_reader_ok(&s->reader))
        use(s, murre_walk_type_features(type));
    return murre_walk_pack(type);
}

static const murre_valtype *read_list(struct survey *s, uint32_t *count, uint32_t limit) {
    struct murre_reader *r = &s->reader;
    *count = murre_read_count(r, 1, limit, "types");
    murre_valtype *list = s->keeps && has_room(s, *count * sizeof *list) ? murre_arena_alloc(&s->info->arena, *count * sizeof *list) : NULL;
    s->failed = s->failed || (s->keeps && !list);
    for (uint32_t i = 0; i < *count; i++) {
        murre_valtype type = read_type(s);
        if (list)
            list[i] = type;
    }
    return list;
}

static void read_function_type(struct survey *s, struct murre_functype *type) {
    struct murre_functype found = {0};
    found.params = read_list(s, &found.param_count, MURRE_MAX_PARAMS);
    found.results = read_list(s, &found.result_count, MURRE_MAX_RESULTS);
    if (found.result_count > 1)
        use(s, FEATURE(MULTI_VALUE));
    if (type && !s->failed && murre_reader_ok(&s->reader))
        *type = found;
}

static void read_field(struct survey *s) {
    enum { I8 = 0x78, I16 = 0x77 };
    struct murre_reader *r = &s->reader;
    if (murre_reader_left(r) && (*r->next == I8 || *r->next == I16))
        r->next++;
    else
        read_type(s);
    if (murre_read_byte(r) & 2)
        use(s, FEATURE(SHARED_EVERYTHING));
}

/* With what stands in front of a composite type. */
static void read_composite(struct survey *s) {
    struct murre_reader *r = &s->reader;
    struct murre_type *type = ADD(s, ARRAY_TYPES, types, type_count);
    uint8_t form = murre_read_byte(r);
    if (form == MURRE_FORM_DESCRIPTOR || form == MURRE_FORM_DESCRIBES) {
        bool both = form == MURRE_FORM_DESCRIPTOR;
        use(s, FEATURE(CUSTOM_DESCRIPTORS) | FEATURE(GC));
        murre_read_u32(r);
        form = murre_read_byte(r);
        if (both && form == MURRE_FORM_DESCRIBES) {
            murre_read_u32(r);
            form = murre_read_byte(r);
        }
    }
    if (form == MURRE_FORM_SHARED) {
        use(s, FEATURE(SHARED_EVERYTHING));
        form = murre_read_byte(r);
    }
    switch (form) {
    case MURRE_FORM_FUNC: read_function_type(s, type ? &type->func : NULL); break;
    case MURRE_FORM_STRUCT:
        use(s, FEATURE(GC));
        for (uint32_t left = murre_read_count(r, 2, UINT32_MAX, "fields"); left && murre_reader_ok(r); left--)
            read_field(s);
        break;
    case MURRE_FORM_ARRAY:
        use(s, FEATURE(GC));
        read_field(s);
        break;
    case MURRE_FORM_CONT:
        use(s, FEATURE(STACK_SWITCHING));
        murre_read_s33(r);
        break;
    default: murre_reader_fail(r, "not a type");
    }
}

static void read_subtype(struct survey *s) {
    struct murre_reader *r = &s->reader;
    if (murre_reader_left(r) && (*r->next == MURRE_FORM_SUB || *r->next == MURRE_FORM_SUB_FINAL)) {
        use(s, FEATURE(FUNCTION_REFERENCES));
        r->next++;
        for (uint32_t left = murre_read_count(r, 1, UINT32_MAX, "supertypes"); left; left--)
            murre_read_u32(r);
    }
    read_composite(s);
}

static void survey_types(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 1, MURRE_MAX_TYPES, "types"); left && murre_reader_ok(r); left--) {
        uint32_t group = 1;
        if (murre_reader_left(r) && *r->next == MURRE_FORM_REC) {
            use(s, FEATURE(FUNCTION_REFERENCES));
            r->next++;
            group = murre_read_count(r, 1, MURRE_MAX_TYPES, "types");
        }
        for (; group && murre_reader_ok(r); group--)
            read_subtype(s);
    }
}

static void read_limits(struct survey *s, struct murre_limits *limits, murre_features shared) {
    struct murre_reader *r = &s->reader;
    uint8_t flags = murre_read_byte(r);
    *limits = (struct murre_limits){.has_max = flags & 1, .shared = flags & 2, .is64 = flags & 4};
    use(s, (limits->shared ? shared : 0) | (limits->is64 ? FEATURE(MEMORY64) : 0) | (flags & 8 ? FEATURE(CUSTOM_PAGE_SIZES) : 0));
    limits->min = murre_read_u64(r);
    if (limits->has_max)
        limits->max = murre_read_u64(r);
    if (flags & 8)
        murre_read_u32(r);
    if (flags >= 16)
        murre_reader_fail(r, "malformed limits flags");
}

static void read_table(struct survey *s) {
    struct murre_table_type type = {.type = read_type(s)};
    read_limits(s, &type.limits, FEATURE(SHARED_EVERYTHING));
    s->table_count++;
    struct murre_table_type *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_TABLES, tables, table_count) : NULL;
    if (kept)
        *kept = type;
}

static void read_memory(struct survey *s) {
    struct murre_limits limits;
    read_limits(s, &limits, FEATURE(THREADS));
    s->memory_count++;
    struct murre_limits *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_MEMORIES, memories, memory_count) : NULL;
    if (kept)
        *kept = limits;
}

/* Whether it can be changed. */
static bool read_global(struct survey *s) {
    struct murre_global_type type = {.type = read_type(s)};
    uint8_t flags = murre_read_byte(&s->reader);
    type.is_mutable = flags & 1;
    if (flags & 2)
        use(s, FEATURE(SHARED_EVERYTHING));
    struct murre_global_type *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_GLOBALS, globals, global_count) : NULL;
    if (kept)
        *kept = type;
    return type.is_mutable;
}

/* A type that there is, or the empty one behind the last. Types come first in a module. */
static uint32_t read_type_index(struct survey *s) {
    uint32_t type = murre_read_u32(&s->reader);
    return type < s->info->type_count ? type : s->info->type_count;
}

static void read_function(struct survey *s) {
    uint32_t type = read_type_index(s);
    uint32_t *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_FUNCS, func_types, func_count) : NULL;
    if (kept)
        *kept = type;
}

static void read_tag(struct survey *s) {
    use(s, FEATURE(EXCEPTIONS));
    murre_read_byte(&s->reader); /* an attribute */
    uint32_t type = read_type_index(s);
    uint32_t *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_TAGS, tag_types, tag_count) : NULL;
    if (kept)
        *kept = type;
}

/* ---- constant expressions ---- */

static void skip_expression(struct survey *s) {
    struct murre_reader *r = &s->reader;
    struct murre_instruction i;
    while (murre_walk_next(r, &i) && i.op != MURRE_OP_END) {
        use(s, i.features);
        if (murre_op_info[i.op].class == MURRE_CLASS_BINARY)
            use(s, FEATURE(EXTENDED_CONST));
    }
}

/* ---- imports and exports ---- */

/* What stands behind an import's names. kind is read already. */
static void read_import(struct survey *s, struct murre_name module, struct murre_name name, uint8_t kind) {
    struct murre_module_info *m = s->info;
    uint32_t index = 0;
    switch (kind) {
    case MURRE_KIND_EXACT_FUNC:
        use(s, FEATURE(CUSTOM_DESCRIPTORS));
        kind = MURRE_EXTERN_FUNC;
        __attribute__((fallthrough));
    case MURRE_EXTERN_FUNC:
        index = m->func_count;
        read_function(s);
        break;
    case MURRE_EXTERN_TABLE:
        index = m->table_count;
        read_table(s);
        break;
    case MURRE_EXTERN_MEMORY:
        index = m->memory_count;
        read_memory(s);
        break;
    case MURRE_EXTERN_GLOBAL:
        index = m->global_count;
        if (read_global(s))
            use(s, FEATURE(MUTABLE_GLOBALS));
        break;
    case MURRE_EXTERN_TAG:
        index = m->tag_count;
        read_tag(s);
        break;
    default: murre_reader_fail(&s->reader, "malformed import kind");
    }
    struct murre_import_entry *kept = murre_reader_ok(&s->reader) ? ADD(s, ARRAY_IMPORTS, imports, import_count) : NULL;
    if (kept)
        *kept = (struct murre_import_entry){module, name, kind, index};
}

/* Passes over what stands behind an import's names, and keeps nothing. */
static void skip_import(struct survey *s) {
    struct murre_error ignored = {.status = MURRE_OK}, *error = s->reader.error;
    uint32_t tables = s->table_count, memories = s->memory_count;
    bool keeps = s->keeps;
    s->keeps = false;
    s->reader.error = &ignored;
    read_import(s, (struct murre_name){0}, (struct murre_name){0}, murre_read_byte(&s->reader));
    s->reader.error = error;
    s->keeps = keeps;
    s->table_count = tables;
    s->memory_count = memories;
}

/* Several names of one module: each with its type, or all with one, which is then read again for each. */
static void read_compact_imports(struct survey *s, struct murre_name module, bool one_type) {
    struct murre_reader *r = &s->reader;
    const uint8_t *type = r->next, *end = r->end; /* a fault ends the reader */
    use(s, FEATURE(COMPACT_IMPORTS));
    if (one_type)
        skip_import(s);
    r->end = end;
    for (uint32_t left = murre_read_count(r, 1, MURRE_MAX_IMPORTS, "imports"); left && murre_reader_ok(r); left--) {
        struct murre_name name = murre_read_name(r);
        const uint8_t *behind = r->next;
        if (one_type)
            r->next = type;
        read_import(s, module, name, murre_read_byte(r));
        if (one_type)
            r->next = behind;
    }
}

static void survey_imports(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 1, MURRE_MAX_IMPORTS, "imports"); left && murre_reader_ok(r); left--) {
        struct murre_name module = murre_read_name(r), name = murre_read_name(r);
        uint8_t kind = murre_read_byte(r);
        if (name.size == 0 && (kind == MURRE_KIND_COMPACT || kind == MURRE_KIND_COMPACT_TYPE))
            read_compact_imports(s, module, kind == MURRE_KIND_COMPACT_TYPE);
        else
            read_import(s, module, name, kind);
    }
}

static void survey_exports(struct survey *s) {
    struct murre_reader *r = &s->reader;
    const struct murre_module_info *m = s->info;
    for (uint32_t left = murre_read_count(r, 3, MURRE_MAX_EXPORTS, "exports"); left && murre_reader_ok(r); left--) {
        struct murre_name name = murre_read_name(r);
        uint8_t kind = murre_read_byte(r);
        uint32_t index = murre_read_u32(r);
        if (kind == MURRE_EXTERN_GLOBAL && s->keeps && index < m->global_count && m->globals[index].is_mutable)
            use(s, FEATURE(MUTABLE_GLOBALS));
        if (!murre_reader_ok(r) || kind > MURRE_EXTERN_TAG)
            return;
        struct murre_export_entry *kept = ADD(s, ARRAY_EXPORTS, exports, export_count);
        if (kept)
            *kept = (struct murre_export_entry){name, kind, index};
    }
}

/* ---- the other sections ---- */

static void survey_tables(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 2, MURRE_MAX_TABLES, "tables"); left && murre_reader_ok(r); left--) {
        bool initialized = murre_reader_left(r) > 1 && *r->next == 0x40;
        if (initialized) {
            use(s, FEATURE(FUNCTION_REFERENCES));
            r->next += 2;
        }
        read_table(s);
        if (initialized)
            skip_expression(s);
    }
}

static void survey_globals(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 3, MURRE_MAX_GLOBALS, "globals"); left && murre_reader_ok(r); left--) {
        read_global(s);
        skip_expression(s);
    }
}

static void survey_elements(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 2, MURRE_MAX_ELEM_SEGMENTS, "segments"); left && murre_reader_ok(r); left--) {
        uint32_t flags = murre_read_u32(r);
        bool active = !(flags & 1), expressions = flags & 4;
        if (flags)
            use(s, flags & 6 ? FEATURE(REFERENCE_TYPES) : FEATURE(BULK_MEMORY));
        if (flags & 8)
            use(s, FEATURE(SHARED_EVERYTHING));
        if (active && flags & 2)
            murre_read_u32(r);
        if (active)
            skip_expression(s);
        if (flags & 3 && expressions)
            read_type(s);
        else if (flags & 3)
            murre_read_byte(r);
        uint32_t count = murre_read_count(r, 1, MURRE_MAX_SEGMENT_ENTRIES, "entries");
        for (; count && murre_reader_ok(r); count--)
            if (expressions)
                skip_expression(s);
            else
                murre_read_u32(r);
    }
}

static void survey_data(struct survey *s) {
    struct murre_reader *r = &s->reader;
    for (uint32_t left = murre_read_count(r, 2, MURRE_MAX_DATA_SEGMENTS, "segments"); left && murre_reader_ok(r); left--) {
        uint32_t flags = murre_read_u32(r);
        use(s, (flags & 1 ? FEATURE(BULK_MEMORY) : 0) | (flags & 8 ? FEATURE(SHARED_EVERYTHING) : 0));
        if (flags & 2 && murre_read_u32(r) != 0)
            use(s, FEATURE(MULTI_MEMORY));
        if (!(flags & 1))
            skip_expression(s);
        murre_read_bytes(r, murre_read_u32(r));
    }
}

static void survey_code(struct survey *s) {
    struct murre_reader *r = &s->reader;
    struct murre_module_info *m = s->info;
    uint32_t count = murre_read_count(r, 1, MURRE_MAX_FUNCTIONS, "bodies"), defined = m->func_count - m->func_import_count;
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        uint64_t offset = murre_reader_offset(r);
        uint32_t size = murre_read_u32(r);
        const uint8_t *body = murre_read_bytes(r, size);
        if (!body || !murre_reader_ok(r))
            return;
        use(s, murre_scan_body(&s->scan, m->bytes, body, body + size, m->bytes + m->size));
        if (s->keeps && m->bodies && i < defined)
            m->bodies[i] = (uint32_t)offset;
    }
}

/* Room for the bodies of all functions that there are; those that are not found stay at offset 0, which reads as an empty one. */
static void survey_functions(struct survey *s) {
    struct murre_reader *r = &s->reader;
    struct murre_module_info *m = s->info;
    for (uint32_t left = murre_read_count(r, 1, MURRE_MAX_FUNCTIONS, "functions"); left && murre_reader_ok(r); left--)
        read_function(s);
    size_t room = (m->func_count - m->func_import_count) * sizeof *m->bodies;
    m->bodies = s->keeps ? murre_arena_alloc(&m->arena, room) : NULL;
    if (m->bodies)
        memset(m->bodies, 0, room);
    s->failed = s->failed || (s->keeps && !m->bodies);
}

static void survey_custom(struct survey *s) {
    struct murre_reader *r = &s->reader;
    struct murre_name name = murre_read_name(r);
    if (murre_reader_ok(r) && name.size == 4 && memcmp(name.data, "name", 4) == 0) {
        s->info->name_offset = (uint32_t)murre_reader_offset(r);
        s->info->name_size = (uint32_t)murre_reader_left(r);
    }
}

static void survey_contents(struct survey *s, uint8_t id) {
    struct murre_reader *r = &s->reader;
    struct murre_module_info *m = s->info;
    switch (id) {
    case 0: survey_custom(s); break;
    case 1: survey_types(s); break;
    case 2:
        survey_imports(s);
        m->func_import_count = m->func_count;
        m->table_import_count = m->table_count;
        m->memory_import_count = m->memory_count;
        m->global_import_count = m->global_count;
        break;
    case 3: survey_functions(s); break;
    case 4: survey_tables(s); break;
    case 5:
        for (uint32_t left = murre_read_count(r, 2, MURRE_MAX_MEMORIES, "memories"); left && murre_reader_ok(r); left--)
            read_memory(s);
        break;
    case 6: survey_globals(s); break;
    case 7: survey_exports(s); break;
    case 9: survey_elements(s); break;
    case 10: survey_code(s); break;
    case 11: survey_data(s); break;
    case 12: use(s, FEATURE(BULK_MEMORY)); break;
    case SECTION_TAG:
        use(s, FEATURE(EXCEPTIONS));
        for (uint32_t left = murre_read_count(r, 2, MURRE_MAX_TAGS, "tags"); left && murre_reader_ok(r); left--)
            read_tag(s);
        break;
    }
}

/* ---- all of it ---- */

static void survey_section(struct survey *s, struct murre_reader *all) {
    struct murre_error error = {.status = MURRE_OK};
    uint32_t offset = (uint32_t)murre_reader_offset(all);
    uint8_t id = murre_read_byte(all);
    uint32_t size = murre_read_u32(all);
    const uint8_t *contents = murre_read_bytes(all, size);
    if (!contents || !murre_reader_ok(all))
        return;
    s->reader = (struct murre_reader){all->start, contents, contents + size, &error};
    survey_contents(s, id);
    uint32_t *kept = ADD(s, ARRAY_SECTIONS, sections, section_count);
    if (kept)
        *kept = offset;
}

static void survey_all(struct survey *s, const uint8_t *bytes, size_t size) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader all = {bytes, bytes, bytes + size, &error};
    const uint8_t *head = murre_read_bytes(&all, 8);
    murre_scan_init(&s->scan);
    if (!head || memcmp(head, "\0asm\1\0\0\0", 8) != 0)
        return;
    while (murre_reader_ok(&all) && murre_reader_left(&all) && !s->failed)
        survey_section(s, &all);
    if (s->table_count > 1)
        use(s, FEATURE(REFERENCE_TYPES));
    if (s->memory_count > 1)
        use(s, FEATURE(MULTI_MEMORY));
}

murre_features murre_survey_features(const uint8_t *bytes, size_t size) {
    struct murre_module_info info = {.bytes = bytes, .size = size};
    struct survey survey = {.info = &info};
    if (size <= MURRE_MAX_MODULE_SIZE)
        survey_all(&survey, bytes, size);
    return info.features & ~FEATURE(MVP);
}

bool murre_survey_module(struct murre_module_info *info, const uint8_t *bytes, size_t size, const struct murre_allocator *allocator) {
    *info = (struct murre_module_info){.bytes = bytes, .size = size, .start = UINT32_MAX};
    murre_arena_init(&info->arena, allocator);
    struct survey survey = {.info = info, .keeps = true};
    reserve(&survey, ARRAY_TYPES, (void **)&info->types, 0, sizeof *info->types); /* there is one behind the last */
    if (size <= MURRE_MAX_MODULE_SIZE && !survey.failed)
        survey_all(&survey, bytes, size);
    info->features &= ~FEATURE(MVP);
    if (survey.failed)
        murre_module_fini(info);
    return !survey.failed;
}
