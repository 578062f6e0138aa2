/* The decoder: walks the sections (5.5) and checks everything except the bodies of functions, of which it reads only the sizes. One pass, one
 * allocation per section. Time and memory are linear in the bytes: every count is checked against the bytes that are left, and the memory kept for a
 * module has one common bound (murre_module_most_memory), since some entries of a few bytes take ten times as much here. */
#include "wasm/decode_internal.h"

#include <assert.h>
#include <string.h>

enum section_id {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
};

void *decode_array(struct decoder *d, uint64_t count, size_t size) {
    static uint64_t none[4]; /* of which nothing is read or written */
    if (count == 0)
        return none;
    uint64_t most = murre_module_most_memory(d->info->size);
    if (count > most / size || d->info->arena.total + count * size > most) {
        murre_error_set(d->reader.error, MURRE_ERROR_LIMIT, murre_reader_offset(&d->reader),
                        "what the module declares takes more than %llu bytes", (unsigned long long)most);
        d->reader.end = d->reader.next;
        return NULL;
    }
    void *array = murre_arena_alloc(&d->info->arena, count * size);
    if (!array) {
        murre_error_memory(d->reader.error);
        d->reader.end = d->reader.next;
        return NULL;
    }
    memset(array, 0, count * size);
    return array;
}

void decode_use(struct decoder *d, enum murre_feature feature) {
    murre_features bit = (murre_features)1 << feature;
    d->info->features |= bit;
    if (!(d->supported & bit) && murre_reader_ok(&d->reader))
        murre_reader_unsupported(&d->reader, murre_reader_offset(&d->reader), feature);
}

bool decode_check_index(struct decoder *d, uint64_t offset, uint32_t index, uint32_t count, const char *what) {
    if (!murre_reader_ok(&d->reader))
        return false;
    return index < count || murre_reader_invalid(&d->reader, offset, "unknown %s %u", what, index);
}

bool decode_value_type(struct decoder *d, murre_valtype *type) {
    if (!murre_read_valtype(&d->reader, d->info, d->supported, type))
        return false;
    if (murre_is_ref(*type)) {
        decode_use(d, MURRE_FEATURE_REFERENCE_TYPES);
        if (murre_is_long_ref(*type))
            decode_use(d, MURRE_FEATURE_FUNCTION_REFERENCES);
    } else if (*type == MURRE_V128) {
        decode_use(d, MURRE_FEATURE_SIMD);
    }
    return true;
}

static bool read_table_type(struct decoder *d, struct murre_table_type *type) {
    struct murre_reader *r = &d->reader;
    if (!murre_read_reftype(r, d->info, d->supported, &type->type))
        return false;
    if (type->type != MURRE_FUNCREF)
        decode_use(d, MURRE_FEATURE_REFERENCE_TYPES);
    if (murre_is_long_ref(type->type))
        decode_use(d, MURRE_FEATURE_FUNCTION_REFERENCES);
    return murre_read_limits(r, false, &type->limits);
}

static bool read_memory_type(struct decoder *d, struct murre_limits *limits) {
    struct murre_reader *r = &d->reader;
    uint64_t offset = murre_reader_offset(r);
    if (!murre_read_limits(r, true, limits))
        return false;
    if (limits->min > MURRE_MAX_MEMORY_PAGES || (limits->has_max && limits->max > MURRE_MAX_MEMORY_PAGES))
        return murre_reader_invalid(r, offset, "memory size must be at most 65536 pages (4GiB)");
    return true;
}

static bool read_global_type(struct decoder *d, struct murre_global_type *type) {
    struct murre_reader *r = &d->reader;
    if (!decode_value_type(d, &type->type))
        return false;
    uint64_t offset = murre_reader_offset(r);
    uint8_t mutability = murre_read_byte(r);
    if (mutability == 2 || mutability == 3)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_SHARED_EVERYTHING);
    if (mutability > 1 && murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed mutability");
    }
    type->is_mutable = mutability == 1;
    return murre_reader_ok(r);
}

static void read_import(struct decoder *d, struct murre_import_entry *entry) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    entry->module = murre_read_name(r);
    entry->name = murre_read_name(r);
    uint64_t offset = murre_reader_offset(r);
    entry->kind = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return;
    switch (entry->kind) {
    case MURRE_EXTERN_FUNC: {
        uint32_t type = murre_read_u32(r);
        if (decode_check_index(d, offset + 1, type, m->type_count, "type"))
            m->func_types[entry->index = m->func_count++] = type;
        break;
    }
    case MURRE_EXTERN_TABLE: read_table_type(d, &m->tables[entry->index = m->table_count++]); break;
    case MURRE_EXTERN_MEMORY: read_memory_type(d, &m->memories[entry->index = m->memory_count++]); break;
    case MURRE_EXTERN_GLOBAL:
        read_global_type(d, &m->globals[entry->index = m->global_count++]);
        if (m->globals[entry->index].is_mutable)
            decode_use(d, MURRE_FEATURE_MUTABLE_GLOBALS);
        break;
    case MURRE_EXTERN_TAG: murre_reader_unsupported(r, offset, MURRE_FEATURE_EXCEPTIONS); break;
    case MURRE_KIND_EXACT_FUNC: murre_reader_unsupported(r, offset, MURRE_FEATURE_CUSTOM_DESCRIPTORS); break;
    case MURRE_KIND_COMPACT:
    case MURRE_KIND_COMPACT_TYPE:
        if (entry->name.size == 0) {
            murre_reader_unsupported(r, offset, MURRE_FEATURE_COMPACT_IMPORTS);
            break;
        }
        __attribute__((fallthrough));
    default: r->next--; murre_reader_fail(r, "malformed import kind");
    }
}

/* Index spaces start with imports and go on with the module's own, so their arrays are made when the counts of both are known: what the
 * sections say of their counts is therefore read before anything else (count_entries), and the import section twice. */
static uint32_t counted(const struct decoder *d, enum section_id id, uint32_t limit) {
    return d->counts[id] < limit ? d->counts[id] : limit; /* over the limit is an error later on */
}

/* Counts the sections, and their entries; a later section of the same kind is an error later on. */
static void count_entries(struct decoder *d) {
    const struct murre_module_info *m = d->info;
    struct murre_error ignored = {0};
    struct murre_reader r = {m->bytes, m->bytes + 8, m->bytes + m->size, &ignored};
    while (murre_reader_left(&r)) {
        uint8_t id = murre_read_byte(&r);
        uint32_t size = murre_read_u32(&r);
        if (!murre_reader_ok(&r) || id > SECTION_TAG || size > murre_reader_left(&r))
            return;
        d->section_count++;
        struct murre_reader contents = {m->bytes, r.next, r.next + size, &ignored};
        r.next += size;
        if (id == SECTION_CUSTOM || size == 0 || d->counts[id])
            continue;
        uint32_t count = murre_read_u32(&contents);
        if (!murre_reader_ok(&contents))
            ignored = (struct murre_error){0};
        else if (count <= murre_reader_left(&contents))
            d->counts[id] = count;
    }
}

/* How many imports there are of each kind; up to the first that is malformed. */
static void count_imports(const struct decoder *d, uint32_t count, uint32_t counts[MURRE_EXTERN_TAG + 1]) {
    struct murre_error ignored = {0};
    struct murre_module_info unused = {.bytes = d->info->bytes, .type_count = d->info->type_count, .canon = d->info->canon};
    struct decoder scan = *d;
    scan.info = &unused;
    scan.reader.error = &ignored;
    struct murre_reader *r = &scan.reader;
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        murre_read_bytes(r, murre_read_u32(r));
        murre_read_bytes(r, murre_read_u32(r));
        uint8_t kind = murre_read_byte(r);
        if (!murre_reader_ok(r) || kind > MURRE_EXTERN_TAG)
            return;
        counts[kind]++;
        struct murre_table_type table;
        struct murre_global_type global;
        struct murre_limits memory;
        switch (kind) {
        case MURRE_EXTERN_FUNC: murre_read_u32(r); break;
        case MURRE_EXTERN_TABLE: read_table_type(&scan, &table); break;
        case MURRE_EXTERN_MEMORY: read_memory_type(&scan, &memory); break;
        case MURRE_EXTERN_GLOBAL: read_global_type(&scan, &global); break;
        default: return;
        }
    }
}

static bool make_index_spaces(struct decoder *d, const uint32_t imports[MURRE_EXTERN_TAG + 1]) {
    struct murre_module_info *m = d->info;
    m->func_types =
        decode_array(d, (uint64_t)imports[MURRE_EXTERN_FUNC] + counted(d, SECTION_FUNCTION, MURRE_MAX_FUNCTIONS), sizeof *m->func_types);
    m->tables = decode_array(d, (uint64_t)imports[MURRE_EXTERN_TABLE] + counted(d, SECTION_TABLE, MURRE_MAX_TABLES), sizeof *m->tables);
    m->memories =
        decode_array(d, (uint64_t)imports[MURRE_EXTERN_MEMORY] + counted(d, SECTION_MEMORY, MURRE_MAX_MEMORIES), sizeof *m->memories);
    m->globals =
        decode_array(d, (uint64_t)imports[MURRE_EXTERN_GLOBAL] + counted(d, SECTION_GLOBAL, MURRE_MAX_GLOBALS), sizeof *m->globals);
    d->index_spaces = true;
    return murre_reader_ok(&d->reader);
}

static void decode_imports(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(r, 4, MURRE_MAX_IMPORTS, "imports");
    m->imports = decode_array(d, count, sizeof *m->imports);
    uint32_t counts[MURRE_EXTERN_TAG + 1] = {0};
    if (m->imports)
        count_imports(d, count, counts);
    if (!m->imports || !make_index_spaces(d, counts))
        return;
    for (; m->import_count < count && murre_reader_ok(r); m->import_count++)
        read_import(d, &m->imports[m->import_count]);
}

static bool check_total(struct decoder *d, uint64_t offset, uint64_t count, uint64_t limit, const char *what) {
    if (count <= limit)
        return true;
    murre_error_set(d->reader.error, MURRE_ERROR_LIMIT, offset, "%llu %s, the limit is %llu", (unsigned long long)count, what,
                    (unsigned long long)limit);
    d->reader.end = d->reader.next;
    return false;
}

static void decode_functions(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(r);
    uint32_t count = murre_read_count(r, 1, MURRE_MAX_FUNCTIONS, "functions");
    if (!check_total(d, offset, (uint64_t)count + m->func_count, MURRE_MAX_FUNCTIONS, "functions"))
        return;
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        offset = murre_reader_offset(r);
        uint32_t type = murre_read_u32(r);
        if (decode_check_index(d, offset, type, m->type_count, "type"))
            m->func_types[m->func_count++] = type;
    }
}

/* A table of the module's own, which may say what its elements are at first. */
static bool read_table(struct decoder *d, struct murre_table_type *type, struct murre_constexpr **inits, uint32_t index, uint32_t count) {
    struct murre_reader *r = &d->reader;
    uint64_t offset = murre_reader_offset(r);
    if (r->next == r->end || *r->next != 0x40) {
        if (!read_table_type(d, type))
            return false;
        return murre_is_nullable(type->type) ||
               murre_reader_invalid(r, offset, "type mismatch: a table whose elements are not null needs an initial value");
    }
    decode_use(d, MURRE_FEATURE_FUNCTION_REFERENCES);
    if (!murre_reader_ok(r))
        return false;
    r->next++;
    if (murre_read_byte(r) != 0 && murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed table");
    }
    if (!*inits)
        *inits = decode_array(d, count, sizeof **inits);
    return *inits && murre_reader_ok(r) && read_table_type(d, type) &&
           murre_read_constexpr(r, d->info, d->supported, type->type, d->info->global_import_count, &(*inits)[index]);
}

static void decode_tables(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(r, 2, MURRE_MAX_TABLES, "tables");
    uint64_t elements = 0;
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        uint64_t offset = murre_reader_offset(r);
        struct murre_table_type *type = &m->tables[m->table_count++];
        if (read_table(d, type, &m->table_inits, i, count))
            elements += type->limits.min;
        /* One table too large is refused when it is made; many of them would take long before that. */
        if (count > 1 && !check_total(d, offset, elements, MURRE_MAX_TABLE_ELEMENTS, "elements of all tables"))
            return;
    }
}

static void decode_memories(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(r, 2, MURRE_MAX_MEMORIES, "memories");
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++)
        read_memory_type(d, &m->memories[m->memory_count++]);
}

static void decode_globals(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_module_info *m = d->info;
    uint32_t count = murre_read_count(r, 3, MURRE_MAX_GLOBALS, "globals");
    m->global_inits = decode_array(d, count, sizeof *m->global_inits);
    for (uint32_t i = 0; m->global_inits && i < count && murre_reader_ok(r); i++) {
        struct murre_global_type type;
        if (!read_global_type(d, &type) || !murre_read_constexpr(r, m, d->supported, type.type, m->global_count, &m->global_inits[i]))
            return;
        m->globals[m->global_count++] = type;
    }
}

static void check_memory_count(struct decoder *d, uint64_t offset) {
    if (d->info->memory_count > 1 && !(d->supported >> MURRE_FEATURE_MULTI_MEMORY & 1))
        murre_reader_unsupported(&d->reader, offset, MURRE_FEATURE_MULTI_MEMORY);
}

static void check_table_count(struct decoder *d) {
    if (d->info->table_count > 1)
        decode_use(d, MURRE_FEATURE_REFERENCE_TYPES);
}

/* Between imports and the rest: index spaces for a module without imports, and the first counts. */
static bool after_imports(struct decoder *d) {
    struct murre_module_info *m = d->info;
    if (!d->index_spaces && !make_index_spaces(d, (const uint32_t[MURRE_EXTERN_TAG + 1]){0}))
        return false;
    m->func_import_count = m->func_count;
    m->table_import_count = m->table_count;
    m->memory_import_count = m->memory_count;
    m->global_import_count = m->global_count;
    return true;
}

static bool name_is(struct murre_name name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

static void decode_custom(struct decoder *d) {
    struct murre_reader *r = &d->reader;
    struct murre_name name = murre_read_name(r);
    if (murre_reader_ok(r) && name_is(name, "name")) {
        d->info->name_offset = (uint32_t)murre_reader_offset(r);
        d->info->name_size = (uint32_t)murre_reader_left(r);
    } else if (murre_reader_ok(r) && name_is(name, "target_features")) {
        d->info->target_offset = (uint32_t)murre_reader_offset(r);
        d->info->target_size = (uint32_t)murre_reader_left(r);
    }
    r->next = r->end;
}

static const char *const section_names[] = {"custom", "type",  "import",  "function", "table", "memory",     "global",
                                            "export", "start", "element", "code",     "data",  "data count", "tag"};

const char *murre_section_name(uint8_t id) {
    return id < sizeof section_names / sizeof *section_names ? section_names[id] : "unknown";
}

/* Rank in the order that sections must follow (5.5.16); sections may be missing, not repeated. */
static const uint8_t section_rank[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};

/* offset: of the contents. */
static void decode_contents(struct decoder *d, enum section_id id, uint64_t offset) {
    switch (id) {
    case SECTION_CUSTOM: decode_custom(d); return;
    case SECTION_TYPE: decode_types(d); return;
    case SECTION_IMPORT:
        decode_imports(d);
        check_table_count(d);
        check_memory_count(d, offset);
        return;
    case SECTION_FUNCTION: decode_functions(d); return;
    case SECTION_TABLE:
        decode_tables(d);
        check_table_count(d);
        return;
    case SECTION_MEMORY:
        decode_memories(d);
        check_memory_count(d, offset);
        return;
    case SECTION_GLOBAL: decode_globals(d); return;
    case SECTION_EXPORT: decode_exports(d); return;
    case SECTION_START: decode_start(d); return;
    case SECTION_ELEMENT: decode_elems(d); return;
    case SECTION_CODE: decode_code(d); return;
    case SECTION_DATA: decode_datas(d); return;
    case SECTION_DATA_COUNT: decode_data_count(d); return;
    case SECTION_TAG: murre_reader_unsupported(&d->reader, offset, MURRE_FEATURE_EXCEPTIONS); return;
    }
}

/* One section; rank is that of the last one that was no custom section. */
static bool decode_section(struct decoder *d, struct murre_reader *r, uint8_t *rank) {
    struct murre_module_info *m = d->info;
    uint64_t offset = murre_reader_offset(r);
    uint8_t id = murre_read_byte(r);
    if (murre_reader_ok(r) && id > SECTION_TAG) {
        r->next--;
        murre_reader_fail(r, "malformed section id");
        return false;
    }
    uint32_t size = murre_read_u32(r);
    if (murre_reader_ok(r) && size > murre_reader_left(r))
        murre_reader_fail(r, "unexpected end: a section's length is out of bounds");
    if (!murre_reader_ok(r))
        return false;
    if (id != SECTION_CUSTOM) {
        if (section_rank[id] <= *rank) {
            murre_error_set(r->error, MURRE_ERROR_MALFORMED, offset, "unexpected content after last section: section out of order");
            return false;
        }
        if (*rank < section_rank[SECTION_FUNCTION] && section_rank[id] >= section_rank[SECTION_FUNCTION] && !after_imports(d))
            return false;
        *rank = section_rank[id];
    }
    assert(m->section_count < d->section_count); /* which counts what has gone well so far, and more */
    m->sections[m->section_count++] = (uint32_t)offset;
    d->reader = (struct murre_reader){m->bytes, r->next, r->next + size, r->error};
    decode_contents(d, id, murre_reader_offset(r));
    if (murre_reader_ok(&d->reader) && d->reader.next != d->reader.end)
        murre_reader_fail(&d->reader, "section size mismatch");
    r->next += size;
    return murre_reader_ok(r);
}

static void check_ends(struct decoder *d, struct murre_reader *r, uint8_t rank) {
    struct murre_module_info *m = d->info;
    if (rank < section_rank[SECTION_FUNCTION] && !after_imports(d))
        return;
    if (m->func_count - m->func_import_count != d->body_count)
        murre_reader_fail(r, "function and code section have inconsistent lengths");
    else if (m->has_data_count && m->data_count != d->declared_data_count)
        murre_reader_fail(r, "data count and data section have inconsistent lengths");
}

static void decode_all(struct decoder *d, struct murre_reader *r) {
    struct murre_module_info *m = d->info;
    const uint8_t *magic = murre_read_bytes(r, 4);
    if (!magic || memcmp(magic, "\0asm", 4) != 0) {
        r->next = r->start;
        murre_reader_fail(r, "magic header not detected");
        return;
    }
    const uint8_t *version = murre_read_bytes(r, 4);
    if (version && memcmp(version, "\x0d\0\1\0", 4) == 0) {
        murre_error_set(r->error, MURRE_ERROR_UNSUPPORTED, 4, "a component, not a core module");
        return;
    }
    if (!version || memcmp(version, "\1\0\0\0", 4) != 0) {
        r->next = r->start + 4;
        murre_reader_fail(r, "unknown binary version");
        return;
    }
    count_entries(d);
    uint64_t functions = (uint64_t)counted(d, SECTION_IMPORT, MURRE_MAX_IMPORTS) + counted(d, SECTION_FUNCTION, MURRE_MAX_FUNCTIONS);
    m->declared = decode_array(d, functions / 64 + 1, sizeof *m->declared);
    m->sections = decode_array(d, d->section_count, sizeof *m->sections);
    if (!m->declared || !m->sections)
        return;
    uint8_t rank = 0;
    while (murre_reader_ok(r) && murre_reader_left(r))
        if (!decode_section(d, r, &rank))
            return;
    if (murre_reader_ok(r))
        check_ends(d, r, rank);
}

enum murre_status murre_module_decode(struct murre_module_info *info, const uint8_t *bytes, size_t size, murre_features supported,
                                      const struct murre_allocator *allocator, struct murre_error *error) {
    struct murre_error found = {0};
    *info = (struct murre_module_info){.bytes = bytes, .size = size, .start = UINT32_MAX};
    murre_arena_init(&info->arena, allocator);
    if (size > MURRE_MAX_MODULE_SIZE) {
        murre_error_set(&found, MURRE_ERROR_LIMIT, 0, "module of %zu bytes, the limit is %d", size, MURRE_MAX_MODULE_SIZE);
    } else {
        struct murre_reader reader = {bytes, bytes, bytes + size, &found};
        struct decoder decoder = {.info = info, .reader = reader, .supported = supported};
        decode_all(&decoder, &reader);
    }
    if (found.status != MURRE_OK) {
        murre_module_fini(info);
        if (error)
            *error = found;
    }
    return found.status;
}

void murre_module_fini(struct murre_module_info *info) {
    murre_arena_fini(&info->arena);
}

struct murre_section_entry murre_module_section_at(const struct murre_module_info *info, uint32_t index) {
    struct murre_error ignored = {0};
    struct murre_reader r = {info->bytes, info->bytes + info->sections[index], info->bytes + info->size, &ignored};
    uint8_t id = murre_read_byte(&r);
    uint32_t size = murre_read_u32(&r);
    struct murre_section_entry section = {.id = id,
                                          .name = {murre_section_name(id), strlen(murre_section_name(id))},
                                          .offset = (uint32_t)murre_reader_offset(&r),
                                          .size = size};
    r.end = r.next + size;
    if (id == SECTION_CUSTOM)
        section.name = murre_read_name(&r);
    else if (id != SECTION_START)
        section.count = murre_read_u32(&r);
    return section;
}

uint64_t murre_module_most_memory(size_t size) {
    return MURRE_MODULE_MEMORY + (uint64_t)MURRE_MODULE_MEMORY_A_BYTE * size;
}

void murre_module_body(const struct murre_module_info *info, uint32_t func_index, uint32_t *start, uint32_t *end) {
    struct murre_error ignored = {0};
    struct murre_reader r = {info->bytes, info->bytes + info->bodies[func_index - info->func_import_count], info->bytes + info->size,
                             &ignored};
    uint32_t size = murre_read_u32(&r);
    *start = (uint32_t)murre_reader_offset(&r);
    *end = *start + size;
}
