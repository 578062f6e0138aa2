/* See print.h. Sections in their order, as they are read; only the types of functions and the names are kept. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "text/print_internal.h"
#include "wasm/limits.h"

/* Characters that may be repeated, for each byte of the module and in any case. */
enum { BUDGET_A_BYTE = 32, BUDGET = 1 << 20 };

enum section {
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
    SECTION_COUNT
};

static bool going(const struct printer *p) {
    return !p->failed && murre_reader_ok(&p->reader) && p->error->status == MURRE_OK;
}

/* ---- what is imported and declared ---- */

static void add_function(struct printer *p, uint32_t type) {
    uint32_t *place = print_grow(p, &p->func_types, sizeof *place);
    if (place)
        *place = type;
}

static void print_tag(struct printer *p, struct murre_reader *r) {
    if (murre_read_byte(r) != 0 && murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed tag attribute");
        return;
    }
    print_text(p, "(tag");
    print_declared(p, SPACE_TAG, p->counts[SPACE_TAG]++);
    print_type_use(p, murre_read_u32(r), false);
}

static void print_table(struct printer *p, struct murre_reader *r) {
    /* The type comes first in the bytes and last in the text. */
    struct murre_reader type = *r;
    print_text(p, "(table");
    print_declared(p, SPACE_TABLE, p->counts[SPACE_TABLE]++);
    murre_walk_type(r);
    print_limits(p, r, true);
    if (murre_reader_ok(r))
        print_value_type(p, &type);
}

static void print_memory(struct printer *p, struct murre_reader *r) {
    print_text(p, "(memory");
    print_declared(p, SPACE_MEMORY, p->counts[SPACE_MEMORY]++);
    print_limits(p, r, false);
}

static void print_global(struct printer *p, struct murre_reader *r) {
    print_text(p, "(global");
    print_declared(p, SPACE_GLOBAL, p->counts[SPACE_GLOBAL]++);
    print_global_type(p, r);
}

/* ---- imports ---- */

/* "(func $f (;0;) (type 1)": its last parenthesis is left to the caller. */
static void print_imported(struct printer *p, struct murre_reader *r, uint8_t kind) {
    switch (kind) {
    case MURRE_EXTERN_FUNC:
    case MURRE_KIND_EXACT_FUNC: {
        uint32_t type = murre_read_u32(r);
        print_text(p, "(func");
        print_declared(p, SPACE_FUNC, p->counts[SPACE_FUNC]++);
        if (kind == MURRE_KIND_EXACT_FUNC)
            print_text(p, " (exact");
        print_type_use(p, type, false);
        if (kind == MURRE_KIND_EXACT_FUNC)
            print_char(p, ')');
        add_function(p, type);
        break;
    }
    case MURRE_EXTERN_TABLE: print_table(p, r); break;
    case MURRE_EXTERN_MEMORY: print_memory(p, r); break;
    case MURRE_EXTERN_GLOBAL: print_global(p, r); break;
    case MURRE_EXTERN_TAG: print_tag(p, r); break;
    default:
        if (murre_reader_ok(r)) {
            r->next--;
            murre_reader_fail(r, "malformed import kind");
        }
    }
}

/* One declaration stands for several: none has an identifier. */
static void forget_names(struct printer *p, uint8_t kind, uint32_t count) {
    static const uint8_t spaces[] = {SPACE_FUNC, SPACE_TABLE, SPACE_MEMORY, SPACE_GLOBAL, SPACE_TAG};
    uint8_t space = kind < sizeof spaces ? spaces[kind] : SPACE_FUNC;
    print_name *names = p->names[space].data;
    size_t known = p->names[space].size / sizeof *names;
    for (size_t i = p->counts[space]; i < known && count; i++, count--)
        names[i] = 0;
}

/* (item "name" type): each with its type, or all with one, which stands behind them in the text. */
static void print_compact(struct printer *p, struct murre_reader *r, bool one_type) {
    const uint8_t *type = r->next;
    if (one_type) {
        uint8_t kind = murre_read_byte(r);
        if (kind == MURRE_EXTERN_TAG)
            murre_read_byte(r);
        if (kind == MURRE_EXTERN_TABLE || kind == MURRE_EXTERN_GLOBAL)
            murre_walk_type(r);
        if (kind == MURRE_EXTERN_TABLE || kind == MURRE_EXTERN_MEMORY) {
            uint8_t flags = murre_read_byte(r);
            murre_read_u64(r);
            if (flags & 1)
                murre_read_u64(r);
            if (flags & 8)
                murre_read_u32(r);
        } else if (kind == MURRE_EXTERN_GLOBAL) {
            murre_read_byte(r);
        } else {
            murre_read_u32(r);
        }
    }
    uint32_t count = murre_read_u32(r);
    for (uint32_t left = count; left && going(p); left--) {
        print_line(p, murre_reader_offset(r), 2);
        print_text(p, "(item ");
        print_string(p, murre_read_name(r));
        if (!one_type) {
            print_char(p, ' ');
            print_imported(p, r, murre_read_byte(r));
            print_char(p, ')');
        }
        print_char(p, ')');
    }
    if (!one_type || !going(p))
        return;
    const uint8_t *behind = r->next;
    r->next = type;
    forget_names(p, *type, count);
    uint32_t counts[SPACE_COUNT];
    size_t functions = p->func_types.size;
    memcpy(counts, p->counts, sizeof counts);
    print_line(p, murre_reader_offset(r), 2);
    print_imported(p, r, murre_read_byte(r));
    print_char(p, ')');
    r->next = murre_reader_ok(r) ? behind : r->next;
    for (int space = 0; space < SPACE_COUNT; space++)
        if (p->counts[space] != counts[space])
            p->counts[space] = counts[space] + count;
    if (p->func_types.size != functions) {
        uint32_t last = *(uint32_t *)((char *)p->func_types.data + functions);
        p->func_types.size = functions;
        for (uint32_t left = count; left && !p->failed; left--)
            add_function(p, last);
    }
}

static void print_imports(struct printer *p) {
    struct murre_reader *r = &p->reader;
    for (uint32_t left = murre_read_u32(r); left && going(p); left--) {
        print_line(p, murre_reader_offset(r), 1);
        struct murre_name module = murre_read_name(r), name = murre_read_name(r);
        uint8_t kind = murre_read_byte(r);
        print_text(p, "(import ");
        print_string(p, module);
        if (name.size == 0 && (kind == MURRE_KIND_COMPACT || kind == MURRE_KIND_COMPACT_TYPE)) {
            print_compact(p, r, kind == MURRE_KIND_COMPACT_TYPE);
        } else {
            print_char(p, ' ');
            print_string(p, name);
            print_char(p, ' ');
            print_imported(p, r, kind);
            print_char(p, ')');
        }
        print_char(p, ')');
    }
    p->func_imports = p->counts[SPACE_FUNC];
}

/* ---- other sections ---- */

static void print_functions(struct printer *p) {
    for (uint32_t left = murre_read_u32(&p->reader); left && going(p); left--)
        add_function(p, murre_read_u32(&p->reader));
}

static void print_tables(struct printer *p) {
    struct murre_reader *r = &p->reader;
    for (uint32_t left = murre_read_u32(r); left && going(p); left--) {
        print_line(p, murre_reader_offset(r), 1);
        bool initialized = murre_reader_left(r) > 1 && *r->next == 0x40;
        if (initialized) {
            r->next++;
            if (murre_read_byte(r) != 0) {
                r->next--;
                murre_reader_fail(r, "malformed table");
            }
        }
        print_table(p, r);
        if (initialized)
            print_expression(p, r, NULL);
        print_char(p, ')');
    }
}

static void print_each(struct printer *p, void (*print)(struct printer *p, struct murre_reader *r)) {
    struct murre_reader *r = &p->reader;
    for (uint32_t left = murre_read_u32(r); left && going(p); left--) {
        print_line(p, murre_reader_offset(r), 1);
        print(p, r);
        print_char(p, ')');
    }
}

static void print_defined_global(struct printer *p, struct murre_reader *r) {
    print_global(p, r);
    print_expression(p, r, NULL);
}

static void print_export(struct printer *p, struct murre_reader *r) {
    static const struct {
        char text[9];
        uint8_t space;
    } kinds[] = {
        {" (func", SPACE_FUNC}, {" (table", SPACE_TABLE}, {" (memory", SPACE_MEMORY}, {" (global", SPACE_GLOBAL}, {" (tag", SPACE_TAG}};
    print_text(p, "(export ");
    print_string(p, murre_read_name(r));
    uint8_t kind = murre_read_byte(r);
    if (kind > MURRE_EXTERN_TAG) {
        r->next--;
        murre_reader_fail(r, "malformed export kind");
        return;
    }
    print_text(p, kinds[kind].text);
    print_index(p, kinds[kind].space, murre_read_u32(r));
    print_char(p, ')');
}

static void print_start(struct printer *p) {
    print_line(p, murre_reader_offset(&p->reader), 1);
    print_text(p, "(start");
    print_index(p, SPACE_FUNC, murre_read_u32(&p->reader));
    print_char(p, ')');
}

static void print_element(struct printer *p, struct murre_reader *r) {
    enum { PASSIVE = 1, EXPLICIT = 2, EXPRESSIONS = 4 };
    uint64_t offset = murre_reader_offset(r);
    uint32_t flags = murre_read_u32(r);
    if (flags > 7) {
        (void)murre_error_set(r->error, MURRE_ERROR_MALFORMED, offset, "malformed elements segment kind");
        return;
    }
    print_text(p, "(elem");
    print_declared(p, SPACE_ELEM, p->counts[SPACE_ELEM]++);
    if (!(flags & PASSIVE)) {
        if (flags & EXPLICIT) {
            print_text(p, " (table");
            print_index(p, SPACE_TABLE, murre_read_u32(r));
            print_char(p, ')');
        }
        print_expression(p, r, "offset");
    } else if (flags & EXPLICIT) {
        print_text(p, " declare");
    }
    if (flags & EXPRESSIONS) {
        if (flags & 3)
            print_value_type(p, r);
        else
            print_text(p, " funcref");
    } else {
        print_text(p, " func");
        if (flags & 3 && murre_read_byte(r) != 0) {
            r->next--;
            murre_reader_fail(r, "malformed element kind");
        }
    }
    for (uint32_t left = murre_read_u32(r); left && going(p); left--)
        if (flags & EXPRESSIONS)
            print_expression(p, r, "item ");
        else
            print_index(p, SPACE_FUNC, murre_read_u32(r));
}

static void print_segment(struct printer *p, struct murre_reader *r) {
    uint64_t offset = murre_reader_offset(r);
    uint32_t flags = murre_read_u32(r);
    if (flags > 2) {
        (void)murre_error_set(r->error, MURRE_ERROR_MALFORMED, offset, "malformed data segment kind");
        return;
    }
    print_text(p, "(data");
    print_declared(p, SPACE_DATA, p->counts[SPACE_DATA]++);
    if (flags == 2) {
        print_text(p, " (memory");
        print_index(p, SPACE_MEMORY, murre_read_u32(r));
        print_char(p, ')');
    }
    if (flags != 1)
        print_expression(p, r, "offset");
    uint32_t size = murre_read_u32(r);
    const uint8_t *data = murre_read_bytes(r, size);
    print_char(p, ' ');
    if (data)
        print_data(p, data, size);
}

static void print_data_segments(struct printer *p) {
    uint64_t offset = murre_reader_offset(&p->reader);
    struct murre_reader ahead = p->reader;
    uint32_t count = murre_read_u32(&ahead);
    if (p->has_data_count && murre_reader_ok(&ahead) && count != p->data_count) {
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, offset, "data count and data section have inconsistent lengths");
        return;
    }
    print_each(p, print_segment);
}

/* ---- code ---- */

static void print_function(struct printer *p, uint32_t func) {
    struct murre_reader *r = &p->reader;
    uint32_t size = murre_read_u32(r);
    const uint8_t *body = murre_read_bytes(r, size);
    if (!body)
        return;
    struct murre_reader code = {p->bytes, body, body + size, r->error};
    print_line(p, (uint64_t)(body - p->bytes), 1);
    uint64_t lines = p->lines;
    print_begin_locals(p, func);
    print_text(p, "(func");
    print_declared(p, SPACE_FUNC, func);
    uint32_t params = print_type_use(p, ((uint32_t *)p->func_types.data)[func], true);
    print_body(p, &code, params);
    print_end_locals(p);
    if (p->lines != lines)
        print_bare_line(p, 1);
    print_char(p, ')');
}

static void print_code(struct printer *p) {
    uint32_t functions = (uint32_t)(p->func_types.size / sizeof(uint32_t)) - p->func_imports;
    uint64_t offset = murre_reader_offset(&p->reader);
    uint32_t count = murre_read_u32(&p->reader);
    if (murre_reader_ok(&p->reader) && count != functions) {
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, offset, "function and code section have inconsistent lengths");
        return;
    }
    for (uint32_t i = 0; i < count && going(p); i++)
        print_function(p, p->func_imports + i);
}

/* ---- the module ---- */

static bool is_name_section(const struct murre_reader *contents, struct murre_reader *rest) {
    struct murre_error ignored = {.status = MURRE_OK};
    *rest = *contents;
    rest->error = &ignored;
    struct murre_name name = murre_read_name(rest);
    bool found = name.size == 4 && memcmp(name.data, "name", 4) == 0;
    rest->error = contents->error;
    return found;
}

static void print_custom(struct printer *p, const char *after, uint64_t offset) {
    struct murre_reader *r = &p->reader, rest;
    if (is_name_section(r, &rest)) {
        r->next = r->end;
        return;
    }
    struct murre_name name = murre_read_name(r);
    if (!murre_reader_ok(r))
        return;
    print_line(p, offset, 1);
    print_text(p, "(@custom ");
    print_string(p, name);
    print_text(p, after ? " (after " : " (before ");
    print_text(p, after ? after : "first");
    print_text(p, ") ");
    print_data(p, r->next, murre_reader_left(r));
    print_char(p, ')');
    r->next = r->end;
}

static void print_section(struct printer *p, enum section id) {
    switch (id) {
    case SECTION_TYPE: print_type_section(p); break;
    case SECTION_IMPORT: print_imports(p); break;
    case SECTION_FUNCTION: print_functions(p); break;
    case SECTION_TABLE: print_tables(p); break;
    case SECTION_MEMORY: print_each(p, print_memory); break;
    case SECTION_GLOBAL: print_each(p, print_defined_global); break;
    case SECTION_EXPORT: print_each(p, print_export); break;
    case SECTION_START: print_start(p); break;
    case SECTION_ELEMENT: print_each(p, print_element); break;
    case SECTION_CODE: print_code(p); break;
    case SECTION_DATA: print_data_segments(p); break;
    case SECTION_DATA_COUNT:
        p->has_data_count = true;
        p->data_count = murre_read_u32(&p->reader);
        break;
    case SECTION_TAG: print_each(p, print_tag); break;
    default: break;
    }
}

/* The next section: its id, and p->reader at its contents. */
static bool next_section(struct printer *p, struct murre_reader *all, uint8_t *id) {
    *id = murre_read_byte(all);
    uint32_t size = murre_read_u32(all);
    const uint8_t *contents = murre_read_bytes(all, size);
    if (!contents || !murre_reader_ok(all))
        return false;
    p->reader = (struct murre_reader){all->start, contents, contents + size, p->error};
    return true;
}

/* Names stand at the end of a module, and are needed from the start on. */
static void read_names(struct printer *p, struct murre_reader all) {
    struct murre_error ignored = {.status = MURRE_OK};
    uint8_t id;
    all.error = &ignored;
    while (murre_reader_left(&all) && next_section(p, &all, &id)) {
        struct murre_reader rest;
        if (id == SECTION_CUSTOM && is_name_section(&p->reader, &rest)) {
            rest.error = &ignored;
            print_module_name(p, rest);
            print_read_names(p, rest);
            return;
        }
    }
}

static void print_sections(struct printer *p, struct murre_reader *all) {
    static const uint8_t ranks[SECTION_COUNT] = {
        [SECTION_TYPE] = 1,        [SECTION_IMPORT] = 2, [SECTION_FUNCTION] = 3, [SECTION_TABLE] = 4, [SECTION_MEMORY] = 5,
        [SECTION_TAG] = 6,         [SECTION_GLOBAL] = 7, [SECTION_EXPORT] = 8,   [SECTION_START] = 9, [SECTION_ELEMENT] = 10,
        [SECTION_DATA_COUNT] = 11, [SECTION_CODE] = 12,  [SECTION_DATA] = 13};
    static const char *const places[SECTION_COUNT] = {NULL,     "type",  "import", "func", "table", "memory", "global",
                                                      "export", "start", "elem",   "code", "data",  "elem",   "tag"};
    const char *after = NULL;
    uint8_t id, rank = 0;
    while (murre_reader_left(all) && !p->failed) {
        uint64_t offset = murre_reader_offset(all);
        if (!next_section(p, all, &id))
            return;
        if (id >= SECTION_COUNT || (id && ranks[id] <= rank)) {
            (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, offset,
                                  id >= SECTION_COUNT ? "malformed section id" : "unexpected content after last section");
            return;
        }
        if (id == SECTION_CUSTOM) {
            print_custom(p, after, offset);
        } else {
            print_section(p, id);
            rank = ranks[id];
            after = places[id];
        }
        if (going(p) && murre_reader_left(&p->reader))
            murre_reader_fail(&p->reader, "section size mismatch");
        if (!going(p))
            return;
    }
    if (rank < ranks[SECTION_DATA] && p->has_data_count && p->data_count)
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, p->size, "data count and data section have inconsistent lengths");
    if (rank < ranks[SECTION_CODE] && p->func_types.size / sizeof(uint32_t) > p->func_imports)
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, p->size, "function and code section have inconsistent lengths");
}

static void print_module(struct printer *p) {
    struct murre_reader all = {p->bytes, p->bytes, p->bytes + p->size, p->error};
    const uint8_t *head = murre_read_bytes(&all, 8);
    if (!head)
        return;
    if (memcmp(head, "\0asm", 4) != 0 || memcmp(head + 4, "\1\0\0\0", 4) != 0) {
        bool magic = memcmp(head, "\0asm", 4) == 0;
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, magic ? 4 : 0,
                              magic ? "unknown binary version" : "magic header not detected");
        return;
    }
    if (p->offsets)
        print_text(p, "           ");
    print_text(p, "(module");
    read_names(p, all);
    print_sections(p, &all);
    print_bare_line(p, 0);
    print_text(p, ")\n");
}

enum murre_status murre_text_print(const uint8_t *bytes, size_t size, uint32_t flags, const struct murre_allocator *allocator,
                                   bool (*write)(void *context, const char *text, size_t size), void *context, struct murre_error *error) {
    struct murre_error found = {.status = MURRE_OK};
    if (size > MURRE_MAX_MODULE_SIZE)
        return murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "a module of %zu bytes, the limit is %u", size,
                               (unsigned)MURRE_MAX_MODULE_SIZE);
    struct printer *p = murre_alloc_zero(allocator, sizeof *p);
    if (!p)
        return murre_error_memory(error);
    p->bytes = bytes;
    p->size = size;
    p->allocator = allocator;
    p->write = write;
    p->context = context;
    p->offsets = flags & MURRE_PRINT_OFFSETS;
    p->folded = flags & MURRE_PRINT_FOLDED;
    p->error = &found;
    p->seed = murre_hash_seed();
    p->budget = (uint64_t)size * BUDGET_A_BYTE + BUDGET;
    print_module(p);
    print_flush(p);
    print_free_names(p);
    struct print_vector *const vectors[] = {&p->types, &p->field_base, &p->func_types, &p->stack, &p->nodes, &p->work};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        print_free(p, vectors[i]);
    murre_free(allocator, p, sizeof *p);
    if (error && found.status != MURRE_OK)
        *error = found;
    return found.status;
}
