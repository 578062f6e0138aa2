/* Types as text (6.4): value types, heap types, limits, and the type section. Everything is printed while it is read. */
#include <string.h>

#include "text/print_internal.h"

/* Signatures up to this many values are shown wherever they are used; longer ones have to be paid for. */
enum { FREE_SIGNATURE = 4, TYPE_WIDTH = 8 };
enum { STORAGE_I16 = 0x77, STORAGE_I8 = 0x78 };

/* ---- value types ---- */

void print_heap_type(struct printer *p, struct murre_reader *r) {
    uint8_t first = murre_reader_left(r) ? *r->next : 0;
    bool exact = first == MURRE_HEAP_EXACT, shared = first == MURRE_HEAP_SHARED;
    r->next += exact || shared;
    const uint8_t *start = r->next;
    int64_t heap = exact ? murre_read_u32(r) : murre_read_s33(r);
    const char *name = heap < 0 ? murre_heap_name(heap) : NULL;
    if (exact)
        print_text(p, " (exact");
    if (shared)
        print_text(p, " (shared");
    if (heap >= 0) {
        print_index(p, SPACE_TYPE, (uint32_t)heap);
    } else if (name) {
        print_char(p, ' ');
        print_text(p, name);
    } else if (murre_reader_ok(r)) {
        r->next = start;
        murre_reader_fail(r, "malformed heap type");
    }
    if (exact || shared)
        print_char(p, ')');
}

void print_reference(struct printer *p, struct murre_reader *r, bool nullable) {
    print_text(p, nullable ? " (ref null" : " (ref");
    print_heap_type(p, r);
    print_char(p, ')');
}

static const char *short_name(uint8_t code) {
    switch (code) {
    case MURRE_I32: return " i32";
    case MURRE_I64: return " i64";
    case MURRE_F32: return " f32";
    case MURRE_F64: return " f64";
    case MURRE_V128: return " v128";
    case 0x75: return " nullcontref";
    case 0x74: return " nullexnref";
    case 0x73: return " nullfuncref";
    case 0x72: return " nullexternref";
    case 0x71: return " nullref";
    case MURRE_FUNCREF: return " funcref";
    case MURRE_EXTERNREF: return " externref";
    case 0x6e: return " anyref";
    case 0x6d: return " eqref";
    case 0x6c: return " i31ref";
    case 0x6b: return " structref";
    case 0x6a: return " arrayref";
    case 0x69: return " exnref";
    case 0x68: return " contref";
    default: return NULL;
    }
}

void print_value_type(struct printer *p, struct murre_reader *r) {
    uint8_t code = murre_read_byte(r);
    const char *name = short_name(code);
    if (name) {
        print_text(p, name);
    } else if (code == MURRE_WALK_REF || code == MURRE_WALK_REF_NULL) {
        print_reference(p, r, code == MURRE_WALK_REF_NULL);
    } else if (code == MURRE_HEAP_SHARED) {
        r->next--;
        print_reference(p, r, true);
    } else if (murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed value type");
    }
}

void print_limits(struct printer *p, struct murre_reader *r, bool table) {
    enum { MAX = 1, SHARED = 2, IS64 = 4, PAGE_SIZE = 8, KNOWN = 15 };
    uint8_t flags = murre_read_byte(r);
    if (flags > KNOWN) {
        r->next--;
        murre_reader_fail(r, "malformed limits flags");
        return;
    }
    if (flags & SHARED && table)
        print_text(p, " shared");
    if (flags & IS64)
        print_text(p, " i64");
    print_char(p, ' ');
    print_unsigned(p, murre_read_u64(r));
    if (flags & MAX) {
        print_char(p, ' ');
        print_unsigned(p, murre_read_u64(r));
    }
    if (flags & SHARED && !table)
        print_text(p, " shared");
    if (flags & PAGE_SIZE) {
        uint32_t shift = murre_read_u32(r);
        if (shift > 63) {
            murre_reader_fail(r, "malformed page size");
            return;
        }
        print_text(p, " (pagesize ");
        print_unsigned(p, UINT64_C(1) << shift);
        print_char(p, ')');
    }
}

void print_global_type(struct printer *p, struct murre_reader *r) {
    enum { MUTABLE = 1, SHARED = 2 };
    struct murre_reader type = *r; /* what stands in front comes behind */
    struct murre_error ignored = {.status = MURRE_OK};
    type.error = &ignored;
    murre_walk_type(&type);
    uint8_t flags = murre_read_byte(&type);
    if (flags & SHARED)
        print_text(p, flags & MUTABLE ? " (shared mut" : " (shared");
    else if (flags & MUTABLE)
        print_text(p, " (mut");
    print_value_type(p, r);
    flags = murre_read_byte(r);
    if (flags > (MUTABLE | SHARED) && murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed mutability");
    }
    if (flags)
        print_char(p, ')');
}

/* ---- uses of function types ---- */

static bool find_params(const struct printer *p, uint32_t type, struct murre_reader *r, struct murre_error *ignored) {
    const uint32_t *offsets = p->types.data;
    if (type >= p->types.size / sizeof *offsets || !offsets[type])
        return false;
    *ignored = (struct murre_error){.status = MURRE_OK};
    *r = (struct murre_reader){p->bytes, p->bytes + offsets[type], p->bytes + p->size, ignored};
    return true;
}

/* Skips a list of types; returns how many there are. */
static uint32_t skip_types(struct murre_reader *r) {
    uint32_t count = murre_read_u32(r);
    for (uint32_t left = count; left && murre_reader_ok(r); left--)
        murre_walk_type(r);
    return count;
}

bool print_arity(const struct printer *p, uint32_t type, uint32_t *params, uint32_t *results) {
    struct murre_reader r;
    struct murre_error ignored;
    *params = *results = 0;
    if (!find_params(p, type, &r, &ignored))
        return false;
    *params = murre_read_u32(&r);
    if (*params > FREE_SIGNATURE * TYPE_WIDTH) { /* not worth the time */
        *params = 0;
        return false;
    }
    for (uint32_t left = *params; left && murre_reader_ok(&r); left--)
        murre_walk_type(&r);
    *results = murre_read_u32(&r);
    return murre_reader_ok(&r);
}

/* Parameters with a name have parentheses of their own. */
static void print_params(struct printer *p, struct murre_reader *r, bool named) {
    uint32_t count = murre_read_u32(r);
    bool open = false;
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        print_name name = named ? print_name_of(p, SPACE_LOCAL, i) : 0;
        if (name && open)
            print_char(p, ')');
        if (name || !open)
            print_text(p, " (param");
        if (name)
            print_identifier(p, name, SPACE_LOCAL, i, true);
        print_value_type(p, r);
        open = !name;
        if (name)
            print_char(p, ')');
    }
    if (open)
        print_char(p, ')');
}

static void print_results(struct printer *p, struct murre_reader *r) {
    uint32_t count = murre_read_u32(r);
    if (!count)
        return;
    print_text(p, " (result");
    for (; count && murre_reader_ok(r); count--)
        print_value_type(p, r);
    print_char(p, ')');
}

/* Parameters that are not shown declare no names. */
static void forget_params(struct printer *p, uint32_t count) {
    struct print_vector *names = &p->names[SPACE_LOCAL];
    size_t size = (size_t)count * sizeof(print_name);
    if (names->size)
        memset(names->data, 0, size < names->size ? size : names->size);
}

uint32_t print_type_use(struct printer *p, uint32_t type, bool named) {
    struct murre_reader r, again;
    struct murre_error ignored;
    print_text(p, " (type");
    print_index(p, SPACE_TYPE, type);
    print_char(p, ')');
    if (!find_params(p, type, &r, &ignored))
        return 0;
    again = r;
    uint32_t count = murre_read_u32(&r);
    bool shown = count <= FREE_SIGNATURE || print_afford(p, (uint64_t)count * TYPE_WIDTH);
    if (shown) { /* lists are read only after they are paid for */
        r = again;
        skip_types(&r);
        uint32_t results = murre_read_u32(&r);
        shown = results <= FREE_SIGNATURE || print_afford(p, (uint64_t)results * TYPE_WIDTH);
    }
    if (shown) {
        print_params(p, &again, named);
        print_results(p, &again);
    } else if (named) {
        forget_params(p, count);
    }
    return count;
}

/* ---- the type section ---- */

static void print_storage(struct printer *p, struct murre_reader *r) {
    uint8_t code = murre_reader_left(r) ? *r->next : 0;
    if (code == STORAGE_I8 || code == STORAGE_I16) {
        r->next++;
        print_text(p, code == STORAGE_I8 ? " i8" : " i16");
    } else {
        print_value_type(p, r);
    }
}

static void print_field_type(struct printer *p, struct murre_reader *r) {
    struct murre_reader ahead = *r;
    struct murre_error ignored = {.status = MURRE_OK};
    ahead.error = &ignored;
    uint8_t code = murre_reader_left(r) ? *r->next : 0;
    if (code == STORAGE_I8 || code == STORAGE_I16)
        ahead.next++;
    else
        murre_walk_type(&ahead);
    bool is_mutable = murre_read_byte(&ahead) & 1;
    if (is_mutable)
        print_text(p, " (mut");
    print_storage(p, r);
    uint8_t flags = murre_read_byte(r);
    if (flags > 1 && murre_reader_ok(r)) {
        r->next--;
        murre_reader_fail(r, "malformed mutability");
    }
    if (is_mutable)
        print_char(p, ')');
}

static void print_struct(struct printer *p, struct murre_reader *r, uint32_t type) {
    uint32_t count = murre_read_count(r, 2, UINT32_MAX, "fields");
    print_begin_fields(p, type, count);
    print_text(p, "(struct");
    for (uint32_t i = 0; i < count && murre_reader_ok(r) && !p->failed; i++) {
        print_name name = print_field_name(p, type, i);
        print_text(p, " (field");
        if (name)
            print_identifier(p, name, SPACE_FIELD, i, true);
        print_field_type(p, r);
        print_char(p, ')');
    }
    print_char(p, ')');
}

static void print_function_type(struct printer *p, struct murre_reader *r, uint32_t type) {
    ((uint32_t *)p->types.data)[type] = (uint32_t)murre_reader_offset(r);
    print_text(p, "(func");
    print_params(p, r, false);
    print_results(p, r);
    print_char(p, ')');
}

static void print_composite(struct printer *p, struct murre_reader *r, uint32_t type) {
    uint8_t form = murre_read_byte(r);
    if (form == MURRE_FORM_DESCRIBES) {
        print_text(p, "(describes");
        print_index(p, SPACE_TYPE, murre_read_u32(r));
        print_text(p, ") ");
        form = murre_read_byte(r);
    }
    if (form == MURRE_FORM_DESCRIPTOR) {
        print_text(p, "(descriptor");
        print_index(p, SPACE_TYPE, murre_read_u32(r));
        print_text(p, ") ");
        form = murre_read_byte(r);
    }
    switch (form) {
    case MURRE_FORM_FUNC: print_function_type(p, r, type); break;
    case MURRE_FORM_STRUCT: print_struct(p, r, type); break;
    case MURRE_FORM_ARRAY:
        print_text(p, "(array");
        print_field_type(p, r);
        print_char(p, ')');
        break;
    case MURRE_FORM_CONT:
        print_text(p, "(cont");
        print_heap_type(p, r);
        print_char(p, ')');
        break;
    default:
        if (murre_reader_ok(r)) {
            r->next--;
            murre_reader_fail(r, "malformed type");
        }
    }
}

static void print_subtype(struct printer *p, struct murre_reader *r, uint32_t depth) {
    uint32_t type = p->counts[SPACE_TYPE]++, closing = 1;
    uint32_t *offset = print_grow(p, &p->types, sizeof *offset), *base = print_grow(p, &p->field_base, sizeof *base);
    if (!offset || !base)
        return;
    *offset = 0;
    *base = (uint32_t)(p->names[SPACE_FIELD].size / sizeof(print_name));
    print_line(p, murre_reader_offset(r), depth);
    print_text(p, "(type");
    print_declared(p, SPACE_TYPE, type);
    print_char(p, ' ');
    uint8_t form = murre_reader_left(r) ? *r->next : 0;
    if (form == MURRE_FORM_SUB || form == MURRE_FORM_SUB_FINAL) {
        r->next++;
        closing++;
        print_text(p, form == MURRE_FORM_SUB ? "(sub" : "(sub final");
        for (uint32_t left = murre_read_count(r, 1, UINT32_MAX, "supertypes"); left && murre_reader_ok(r); left--)
            print_index(p, SPACE_TYPE, murre_read_u32(r));
        print_char(p, ' ');
    }
    if (murre_reader_left(r) && *r->next == MURRE_FORM_SHARED) {
        r->next++;
        closing++;
        print_text(p, "(shared ");
    }
    print_composite(p, r, type);
    while (closing--)
        print_char(p, ')');
}

void print_type_section(struct printer *p) {
    struct murre_reader *r = &p->reader;
    for (uint32_t left = murre_read_u32(r); left && murre_reader_ok(r) && !p->failed; left--) {
        if (!murre_reader_left(r) || *r->next != MURRE_FORM_REC) {
            print_subtype(p, r, 1);
            continue;
        }
        print_line(p, murre_reader_offset(r), 1);
        print_text(p, "(rec");
        r->next++;
        for (uint32_t group = murre_read_u32(r); group && murre_reader_ok(r) && !p->failed; group--)
            print_subtype(p, r, 2);
        print_bare_line(p, 1);
        print_char(p, ')');
    }
}
