/* See disassemble.h. Each line is built in a growing buffer (a br_table may have any number of labels), which is reused. wasm/walk.h reads
 * the instructions; a body need not be valid, only readable. Indentation is limited, as it would make listings quadratic. */
#include "wasm/disassemble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wasm/types.h"
#include "wasm/walk.h"

enum { FIRST_LINE = 256, INDENT = 2, DEEPEST_INDENT = 40 };

struct listing {
    const struct murre_module_info *info;
    const struct murre_allocator *allocator;
    void (*sink)(void *context, const char *line);
    void *context;
    char *line;
    size_t size, capacity;
    bool failed;    /* no memory */
    uint32_t depth; /* labels open */
};

static void print(struct listing *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void print(struct listing *l, const char *format, ...) {
    for (;;) {
        va_list arguments;
        va_start(arguments, format);
        size_t room = l->capacity - l->size;
        int need = vsnprintf(l->line ? l->line + l->size : NULL, room, format, arguments);
        va_end(arguments);
        if (l->failed || need < 0)
            return;
        if ((size_t)need < room) {
            l->size += (size_t)need;
            return;
        }
        size_t capacity = (l->capacity + (size_t)need) * 2 + FIRST_LINE;
        char *line = murre_realloc(l->allocator, l->line, l->capacity, capacity);
        if (!line) {
            l->failed = true;
            return;
        }
        l->line = line;
        l->capacity = capacity;
    }
}

static void finish_line(struct listing *l) {
    if (!l->failed)
        l->sink(l->context, l->line);
    l->size = 0;
}

static void start_line(struct listing *l, uint64_t offset, uint32_t depth) {
    uint32_t indent = depth < DEEPEST_INDENT ? depth : DEEPEST_INDENT;
    print(l, "(;@%-6llx;)%*s", (unsigned long long)offset, (int)((indent + 1) * INDENT), "");
}

/* ---- types ---- */

static void print_heap(struct listing *l, int64_t heap) {
    const char *name = murre_heap_name(heap);
    if (name)
        print(l, " %s", name);
    else
        print(l, " %lld", (long long)heap);
}

static void print_type(struct listing *l, murre_valtype type) {
    char text[48];
    murre_valtype_text(type, text, sizeof text);
    print(l, " %s", text);
}

static void print_types(struct listing *l, const char *what, const murre_valtype *types, uint32_t count) {
    if (!count)
        return;
    print(l, " (%s", what);
    for (uint32_t i = 0; i < count; i++)
        print_type(l, types[i]);
    print(l, ")");
}

static void print_block_type(struct listing *l, const struct murre_instruction *i) {
    int64_t type = i->type;
    const int64_t empty = 0x40 - 128;
    if (type == empty)
        return;
    if (type < 0) {
        print(l, " (result");
        print_type(l, murre_walk_pack(i->result));
        print(l, ")");
        return;
    }
    print(l, " (type %lld)", (long long)type);
    if (type < (int64_t)l->info->type_count) {
        const struct murre_functype *func = &l->info->types[type].func;
        print_types(l, "param", func->params, func->param_count);
        print_types(l, "result", func->results, func->result_count);
    }
}

/* ---- immediates ---- */

static void print_float(struct listing *l, bool negative, uint64_t fraction, bool special, uint64_t quiet, double value) {
    if (special && fraction)
        print(l, fraction == quiet ? " %snan" : " %snan:%#llx", negative ? "-" : "", (unsigned long long)fraction);
    else if (special)
        print(l, " %sinf", negative ? "-" : "");
    else
        print(l, " %a (;=%.17g;)", value, value);
}

static void print_f32(struct listing *l, uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    print_float(l, bits >> 31, bits & 0x7fffff, (bits >> 23 & 0xff) == 0xff, 0x400000, (double)value);
}

static void print_f64(struct listing *l, uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    print_float(l, bits >> 63, bits & 0xfffffffffffffu, (bits >> 52 & 0x7ff) == 0x7ff, 0x8000000000000u, value);
}

static void print_label(struct listing *l, uint32_t label) {
    print(l, " %u", (unsigned)label);
    if (label < l->depth)
        print(l, " (;@%u;)", (unsigned)(l->depth - label));
}

/* An order of memory: for a read in the low four bits, for a write in the high ones. */
static void print_order(struct listing *l, uint8_t order) {
    print(l, order == 0 ? " seq_cst" : (order & 15) <= 1 && order >> 4 <= 1 ? " acq_rel" : " (;order;)");
}

static void print_memarg(struct listing *l, const struct murre_instruction *i) {
    if (i->index[0])
        print(l, " %u", (unsigned)i->index[0]);
    if (i->features >> MURRE_FEATURE_SHARED_EVERYTHING & 1)
        print_order(l, i->lane);
    if (i->bits)
        print(l, " offset=%llu", (unsigned long long)i->bits);
    if (i->align != murre_op_info[i->op].n) {
        if (i->align < 64)
            print(l, " align=%llu", 1ull << i->align);
        else
            print(l, " (;align=2**%u;)", (unsigned)i->align);
    }
}

static void print_catches(struct listing *l, struct murre_reader *r, uint32_t count) {
    static const char *const names[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    for (uint32_t n = 0; n < count; n++) {
        uint8_t kind = murre_read_byte(r);
        print(l, " (%s", kind < 4 ? names[kind] : "(;bad;)");
        if (kind < 2)
            print(l, " %u", (unsigned)murre_read_u32(r));
        print_label(l, murre_read_u32(r));
        print(l, ")");
    }
}

static void print_handlers(struct listing *l, struct murre_reader *r, uint32_t count) {
    for (uint32_t n = 0; n < count; n++) {
        uint8_t kind = murre_read_byte(r);
        print(l, " (on %u", (unsigned)murre_read_u32(r));
        if (kind == 0)
            print_label(l, murre_read_u32(r));
        else
            print(l, " switch");
        print(l, ")");
    }
}

static void print_list(struct listing *l, const struct murre_instruction *i) {
    struct murre_error ignored = {.status = MURRE_OK}; /* murre_walk_next has read the same bytes */
    struct murre_reader r;
    murre_walk_list(&r, l->info, i, &ignored);
    switch (murre_op_info[i->op].imm) {
    case MURRE_IMM_LABELS:
        for (uint32_t n = 0; n < i->count; n++)
            print_label(l, murre_read_u32(&r));
        print_label(l, i->index[0]);
        break;
    case MURRE_IMM_SELECT:
        print(l, " (result");
        for (uint32_t n = 0; n < i->count; n++)
            print_type(l, murre_walk_pack(murre_walk_type(&r)));
        print(l, ")");
        break;
    case MURRE_IMM_TRY_TABLE:
        print_block_type(l, i);
        print_catches(l, &r, i->count);
        break;
    case MURRE_IMM_HANDLERS:
    case MURRE_IMM_TAG_HANDLERS: print_handlers(l, &r, i->count); break;
    case MURRE_IMM_V128:
        print(l, " i32x4");
        for (uint32_t n = 0; n < 4; n++)
            print(l, " 0x%08x", (unsigned)murre_read_fixed32(&r));
        break;
    case MURRE_IMM_SHUFFLE:
        for (uint32_t n = 0; n < 16; n++)
            print(l, " %u", (unsigned)murre_read_byte(&r));
        break;
    }
}

/* Indices that the text format leaves out when they are zero. */
static void print_default(struct listing *l, uint32_t index) {
    if (index)
        print(l, " %u", (unsigned)index);
}

static void print_pair(struct listing *l, uint32_t a, uint32_t b) {
    if (a || b)
        print(l, " %u %u", (unsigned)a, (unsigned)b);
}

static void print_indices(struct listing *l, const struct murre_instruction *i, bool second) {
    print(l, " %u", (unsigned)i->index[0]);
    if (second)
        print(l, " %u", (unsigned)i->index[1]);
}

static void print_cast(struct listing *l, const struct murre_instruction *i) {
    print_label(l, i->index[0]);
    print_heap(l, (int32_t)i->index[1]);
    print_heap(l, i->type);
}

static void print_ordered(struct listing *l, const struct murre_instruction *i, bool second) {
    print_order(l, i->lane);
    print_indices(l, i, second);
}

static void print_immediates(struct listing *l, const struct murre_instruction *i) {
    switch ((enum murre_imm)murre_op_info[i->op].imm) {
    case MURRE_IMM_NONE: break;
    case MURRE_IMM_BLOCK: print_block_type(l, i); break;
    case MURRE_IMM_LABEL: print_label(l, i->index[0]); break;
    case MURRE_IMM_FUNC:
    case MURRE_IMM_LOCAL:
    case MURRE_IMM_GLOBAL:
    case MURRE_IMM_TABLE:
    case MURRE_IMM_DATA:
    case MURRE_IMM_ELEM:
    case MURRE_IMM_TAG:
    case MURRE_IMM_TYPE: print_indices(l, i, false); break;
    case MURRE_IMM_MEMORY: print_default(l, i->index[0]); break;
    case MURRE_IMM_CALL_INDIRECT:
        print_default(l, i->index[1]);
        print(l, " (type %u)", (unsigned)i->index[0]);
        break;
    case MURRE_IMM_DATA_MEMORY:
    case MURRE_IMM_ELEM_TABLE:
        print_default(l, i->index[1]);
        print_indices(l, i, false);
        break;
    case MURRE_IMM_MEMORY_MEMORY:
    case MURRE_IMM_TABLE_TABLE: print_pair(l, i->index[0], i->index[1]); break;
    case MURRE_IMM_TYPE_INDEX: print_indices(l, i, true); break;
    case MURRE_IMM_REFTYPE: print_heap(l, i->type); break;
    case MURRE_IMM_MEMARG: print_memarg(l, i); break;
    case MURRE_IMM_MEMARG_LANE:
        print_memarg(l, i);
        print(l, " %u", i->lane);
        break;
    case MURRE_IMM_I32:
    case MURRE_IMM_I64: print(l, " %lld", (long long)i->bits); break;
    case MURRE_IMM_F32: print_f32(l, (uint32_t)i->bits); break;
    case MURRE_IMM_F64: print_f64(l, i->bits); break;
    case MURRE_IMM_LANE:
        if (i->op != MURRE_OP_ATOMIC_FENCE)
            print(l, " %u", i->lane);
        break;
    case MURRE_IMM_CAST: print_cast(l, i); break;
    case MURRE_IMM_ORDER_INDEX: print_ordered(l, i, false); break;
    case MURRE_IMM_ORDER_TYPE_INDEX: print_ordered(l, i, true); break;
    case MURRE_IMM_TAG_HANDLERS:
    case MURRE_IMM_HANDLERS:
        print_indices(l, i, murre_op_info[i->op].imm == MURRE_IMM_TAG_HANDLERS);
        print_list(l, i);
        break;
    case MURRE_IMM_LABELS:
    case MURRE_IMM_SELECT:
    case MURRE_IMM_TRY_TABLE:
    case MURRE_IMM_V128:
    case MURRE_IMM_SHUFFLE: print_list(l, i); break;
    }
}

/* ---- lines ---- */

static bool opens(enum murre_op op) {
    return op == MURRE_OP_BLOCK || op == MURRE_OP_LOOP || op == MURRE_OP_IF || op == MURRE_OP_TRY || op == MURRE_OP_TRY_TABLE;
}
static bool divides(enum murre_op op) {
    return op == MURRE_OP_ELSE || op == MURRE_OP_CATCH || op == MURRE_OP_CATCH_ALL;
}
static bool closes(enum murre_op op) {
    return op == MURRE_OP_END || op == MURRE_OP_DELEGATE;
}

static void print_instruction(struct listing *l, const struct murre_instruction *i) {
    if (closes(i->op) && l->depth > 0)
        l->depth--;
    start_line(l, i->offset, divides(i->op) && l->depth > 0 ? l->depth - 1 : l->depth);
    print(l, "%s", murre_op_name(i->op));
    print_immediates(l, i);
    if (opens(i->op))
        print(l, " ;; label = @%u", (unsigned)++l->depth);
    finish_line(l);
}

/* An identifier of the text format (6.3.5), in quotes where it has other characters. */
static void print_name(struct listing *l, struct murre_name name) {
    static const char others[] = "!#$%&'*+-./:<=>?@\\^_`|~";
    bool plain = true;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        plain = plain && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr(others, c)));
    }
    print(l, plain ? " $" : " $\"");
    size_t shown = 0; /* up to here */
    for (size_t i = 0; i < name.size;) {
        uint32_t code;
        char c = name.data[i];
        size_t hidden = murre_text_hidden(name.data + i, name.size - i, &code);
        if (!hidden && c != '"' && (c != '\\' || plain)) {
            i++;
            continue;
        }
        print(l, "%.*s", (int)(i - shown), name.data + shown);
        if (hidden > 2 || (hidden == 2 && code >= 0xa0))
            print(l, "\\u{%x}", (unsigned)code);
        else if (hidden == 2) /* a control character of C1 */
            print(l, "\\c2\\%02x", (unsigned)code);
        else
            print(l, "\\%02x", (unsigned char)c);
        shown = i += hidden ? hidden : 1;
    }
    print(l, "%.*s", (int)(name.size - shown), name.data + shown);
    if (!plain)
        print(l, "\"");
}

static void print_head(struct listing *l, uint32_t func_index, struct murre_name name) {
    const struct murre_functype *type = &murre_module_func_type(l->info, func_index)->func;
    print(l, "(func");
    if (name.size)
        print_name(l, name);
    print(l, " (;%u;) (type %u)", (unsigned)func_index, (unsigned)l->info->func_types[func_index]);
    print_types(l, "param", type->params, type->param_count);
    print_types(l, "result", type->results, type->result_count);
    finish_line(l);
}

/* A line a group: a hostile body may declare thousands of millions. */
static void print_locals(struct listing *l, struct murre_reader *r, uint32_t groups) {
    enum { MOST_IN_FULL = 16 };
    for (uint32_t i = 0; i < groups; i++) {
        uint64_t offset = murre_reader_offset(r);
        uint32_t count;
        struct murre_walk_type type;
        if (!murre_walk_locals(r, &count, &type))
            return;
        start_line(l, offset, 0);
        print(l, "(local");
        for (uint32_t n = 0; n < (count <= MOST_IN_FULL ? count : 1); n++)
            print_type(l, murre_walk_pack(type));
        print(l, ")");
        if (count > MOST_IN_FULL)
            print(l, " ;; %u of them", (unsigned)count);
        finish_line(l);
    }
}

enum murre_status murre_disassemble(const struct murre_module_info *info, uint32_t func_index, struct murre_name name,
                                    const struct murre_allocator *allocator, void (*sink)(void *context, const char *line), void *context,
                                    struct murre_error *error) {
    struct murre_error local = {.status = MURRE_OK};
    if (!error)
        error = &local;
    struct listing listing = {.info = info, .allocator = allocator, .sink = sink, .context = context};
    struct murre_reader r;
    struct murre_instruction instruction;
    uint32_t groups = murre_walk_begin(&r, info, func_index, error);
    print_head(&listing, func_index, name);
    print_locals(&listing, &r, groups);
    while (!listing.failed && murre_walk_next(&r, &instruction)) {
        /* The body's own end closes the function. */
        if (instruction.op == MURRE_OP_END && listing.depth == 0 && !murre_reader_left(&r))
            break;
        print_instruction(&listing, &instruction);
    }
    print(&listing, ")");
    if (murre_reader_ok(&r))
        finish_line(&listing);
    murre_free(allocator, listing.line, listing.capacity);
    return listing.failed ? murre_error_memory(error) : error->status;
}
