/* Instructions with their immediates (6.5), as wasm/walk.h reads them. What it does not keep (whether heap types are exact or shared) is read again from
 * the bytes. */
#include <string.h>

#include "text/print_internal.h"

static void print_number(struct printer *p, uint64_t number) {
    print_char(p, ' ');
    print_unsigned(p, number);
}

/* Again, at the immediates of an instruction. */
static struct murre_reader reread(const struct printer *p, const struct murre_instruction *i, struct murre_error *ignored) {
    *ignored = (struct murre_error){.status = MURRE_OK};
    struct murre_reader r = {p->bytes, p->bytes + i->offset + 1, p->bytes + p->size, ignored};
    if (murre_op_info[i->op].prefix)
        murre_read_u32(&r);
    return r;
}

static void print_label(struct printer *p, uint32_t label) {
    const struct print_label *target = print_label_at(p, label);
    if (target && target->name && print_afford_name(p, target->name)) {
        print_identifier(p, target->name, SPACE_LABEL, target->ordinal, false);
        return;
    }
    print_number(p, label);
    if (target) {
        print_text(p, " (;@");
        print_unsigned(p, print_depth(p) - label);
        print_text(p, ";)");
    }
}

/* An order of memory: for a read in the low four bits, for a write in the high ones. */
static void print_order(struct printer *p, const struct murre_instruction *i) {
    bool known = i->lane == 0 || ((i->lane & 15) <= 1 && i->lane >> 4 <= 1);
    print_text(p, i->lane == 0 ? " seq_cst" : " acq_rel");
    if (!known)
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed memory order");
}

static void print_memarg(struct printer *p, const struct murre_instruction *i) {
    if (i->index[0])
        print_index(p, SPACE_MEMORY, i->index[0]);
    if (i->features >> MURRE_FEATURE_SHARED_EVERYTHING & 1)
        print_order(p, i);
    if (i->bits) {
        print_text(p, " offset=");
        print_unsigned(p, i->bits);
    }
    if (i->align >= 64) {
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed memop flags");
    } else if (i->align != murre_op_info[i->op].n) {
        print_text(p, " align=");
        print_unsigned(p, UINT64_C(1) << i->align);
    }
}

static void print_block_type(struct printer *p, const struct murre_instruction *i) {
    enum { EMPTY = 0x40 - 128 };
    if (i->type >= 0) {
        print_type_use(p, (uint32_t)i->type, false);
    } else if (i->type != EMPTY) {
        struct murre_error ignored;
        struct murre_reader r = reread(p, i, &ignored);
        print_text(p, " (result");
        print_value_type(p, &r);
        print_char(p, ')');
        if (ignored.status != MURRE_OK)
            (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed block type");
    }
}

static void print_catches(struct printer *p, struct murre_reader *r, const struct murre_instruction *i) {
    static const char *const names[] = {" (catch", " (catch_ref", " (catch_all", " (catch_all_ref"};
    for (uint32_t n = 0; n < i->count; n++) {
        uint8_t kind = murre_read_byte(r);
        if (kind > 3) {
            (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed catch clause");
            return;
        }
        print_text(p, names[kind]);
        if (kind < 2)
            print_index(p, SPACE_TAG, murre_read_u32(r));
        /* Labels are counted from outside the block. */
        print_label(p, murre_read_u32(r));
        print_char(p, ')');
    }
}

static void print_handlers(struct printer *p, struct murre_reader *r, uint32_t count) {
    for (; count; count--) {
        uint8_t kind = murre_read_byte(r);
        print_text(p, " (on");
        print_index(p, SPACE_TAG, murre_read_u32(r));
        if (kind == 0)
            print_label(p, murre_read_u32(r));
        else
            print_text(p, " switch");
        print_char(p, ')');
    }
}

static void print_list(struct printer *p, const struct murre_instruction *i) {
    struct murre_error ignored = {.status = MURRE_OK}; /* murre_walk_next has read the same bytes */
    struct murre_reader r = {p->bytes, i->list, p->bytes + p->size, &ignored};
    switch (murre_op_info[i->op].imm) {
    case MURRE_IMM_LABELS:
        for (uint32_t n = 0; n < i->count; n++)
            print_label(p, murre_read_u32(&r));
        print_label(p, i->index[0]);
        break;
    case MURRE_IMM_SELECT:
        print_text(p, " (result");
        for (uint32_t n = 0; n < i->count; n++)
            print_value_type(p, &r);
        print_char(p, ')');
        if (ignored.status != MURRE_OK)
            (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed value type");
        break;
    case MURRE_IMM_TRY_TABLE: print_catches(p, &r, i); break;
    case MURRE_IMM_HANDLERS:
    case MURRE_IMM_TAG_HANDLERS: print_handlers(p, &r, i->count); break;
    case MURRE_IMM_V128:
        print_text(p, " i32x4");
        for (uint32_t n = 0; n < 4; n++) {
            uint32_t lane = murre_read_fixed32(&r);
            char text[] = " 0x00000000";
            for (unsigned digit = 0; digit < 8; digit++)
                text[3 + digit] = "0123456789abcdef"[lane >> (28 - 4 * digit) & 15];
            print_bytes(p, text, sizeof text - 1);
        }
        break;
    case MURRE_IMM_SHUFFLE:
        for (uint32_t n = 0; n < 16; n++)
            print_number(p, murre_read_byte(&r));
        break;
    }
}

/* ---- casts ---- */

static const char *cast_name(enum murre_op op, bool *nullable) {
    *nullable = op == MURRE_OP_REF_TEST_NULL || op == MURRE_OP_REF_CAST_NULL || op == MURRE_OP_REF_CAST_DESC_EQ_NULL;
    switch (op) {
    case MURRE_OP_REF_TEST:
    case MURRE_OP_REF_TEST_NULL: return "ref.test";
    case MURRE_OP_REF_CAST:
    case MURRE_OP_REF_CAST_NULL: return "ref.cast";
    case MURRE_OP_REF_CAST_DESC_EQ:
    case MURRE_OP_REF_CAST_DESC_EQ_NULL: return "ref.cast_desc_eq";
    default: return NULL;
    }
}

static void print_heap_immediate(struct printer *p, const struct murre_instruction *i) {
    struct murre_error ignored;
    struct murre_reader r = reread(p, i, &ignored);
    bool nullable;
    if (cast_name(i->op, &nullable))
        print_reference(p, &r, nullable);
    else
        print_heap_type(p, &r);
    if (ignored.status != MURRE_OK)
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed heap type");
}

/* A branch's cast: flags say which of its two types have null. */
static void print_cast(struct printer *p, const struct murre_instruction *i) {
    struct murre_error ignored;
    struct murre_reader r = reread(p, i, &ignored);
    murre_read_byte(&r);
    print_label(p, murre_read_u32(&r));
    print_reference(p, &r, i->lane & 1);
    print_reference(p, &r, i->lane & 2);
    if (ignored.status != MURRE_OK || i->lane > 3)
        (void)murre_error_set(p->error, MURRE_ERROR_MALFORMED, i->offset, "malformed cast flags");
}

/* ---- indices ---- */

static enum print_space space_of(enum murre_imm imm) {
    switch (imm) {
    case MURRE_IMM_FUNC: return SPACE_FUNC;
    case MURRE_IMM_LOCAL: return SPACE_LOCAL;
    case MURRE_IMM_GLOBAL: return SPACE_GLOBAL;
    case MURRE_IMM_TABLE: return SPACE_TABLE;
    case MURRE_IMM_DATA: return SPACE_DATA;
    case MURRE_IMM_ELEM: return SPACE_ELEM;
    case MURRE_IMM_TAG: return SPACE_TAG;
    default: return SPACE_TYPE;
    }
}

/* Indices that the text format leaves out when they are zero. */
static void print_default(struct printer *p, enum print_space space, uint32_t index) {
    if (index)
        print_index(p, space, index);
}

static void print_type_and_index(struct printer *p, const struct murre_instruction *i) {
    uint32_t type = i->index[0], second = i->index[1];
    print_index(p, SPACE_TYPE, type);
    switch (i->op) {
    case MURRE_OP_ARRAY_NEW_FIXED: print_number(p, second); break;
    case MURRE_OP_ARRAY_NEW_DATA:
    case MURRE_OP_ARRAY_INIT_DATA: print_index(p, SPACE_DATA, second); break;
    case MURRE_OP_ARRAY_NEW_ELEM:
    case MURRE_OP_ARRAY_INIT_ELEM: print_index(p, SPACE_ELEM, second); break;
    case MURRE_OP_ARRAY_COPY:
    case MURRE_OP_CONT_BIND: print_index(p, SPACE_TYPE, second); break;
    case MURRE_OP_SWITCH: print_index(p, SPACE_TAG, second); break;
    default: print_field(p, type, second);
    }
}

static void print_ordered(struct printer *p, const struct murre_instruction *i) {
    const char *name = murre_op_name(i->op);
    print_order(p, i);
    if (murre_op_info[i->op].imm == MURRE_IMM_ORDER_TYPE_INDEX) {
        print_type_and_index(p, i);
        return;
    }
    enum print_space space = name[0] == 'g' ? SPACE_GLOBAL : name[0] == 't' ? SPACE_TABLE : SPACE_TYPE;
    print_index(p, space, i->index[0]);
}

static void print_immediates(struct printer *p, const struct murre_instruction *i) {
    enum murre_imm imm = murre_op_info[i->op].imm;
    switch (imm) {
    case MURRE_IMM_NONE:
    case MURRE_IMM_BLOCK: break; /* print_opening */
    case MURRE_IMM_LABEL: print_label(p, i->index[0]); break;
    case MURRE_IMM_FUNC:
    case MURRE_IMM_LOCAL:
    case MURRE_IMM_GLOBAL:
    case MURRE_IMM_TABLE:
    case MURRE_IMM_DATA:
    case MURRE_IMM_ELEM:
    case MURRE_IMM_TAG:
    case MURRE_IMM_TYPE: print_index(p, space_of(imm), i->index[0]); break;
    case MURRE_IMM_MEMORY: print_default(p, SPACE_MEMORY, i->index[0]); break;
    case MURRE_IMM_CALL_INDIRECT:
        print_default(p, SPACE_TABLE, i->index[1]);
        print_text(p, " (type");
        print_index(p, SPACE_TYPE, i->index[0]);
        print_char(p, ')');
        break;
    case MURRE_IMM_DATA_MEMORY:
        print_default(p, SPACE_MEMORY, i->index[1]);
        print_index(p, SPACE_DATA, i->index[0]);
        break;
    case MURRE_IMM_ELEM_TABLE:
        print_default(p, SPACE_TABLE, i->index[1]);
        print_index(p, SPACE_ELEM, i->index[0]);
        break;
    case MURRE_IMM_MEMORY_MEMORY:
    case MURRE_IMM_TABLE_TABLE:
        if (i->index[0] || i->index[1]) {
            print_index(p, imm == MURRE_IMM_TABLE_TABLE ? SPACE_TABLE : SPACE_MEMORY, i->index[0]);
            print_index(p, imm == MURRE_IMM_TABLE_TABLE ? SPACE_TABLE : SPACE_MEMORY, i->index[1]);
        }
        break;
    case MURRE_IMM_TYPE_INDEX: print_type_and_index(p, i); break;
    case MURRE_IMM_REFTYPE: print_heap_immediate(p, i); break;
    case MURRE_IMM_MEMARG: print_memarg(p, i); break;
    case MURRE_IMM_MEMARG_LANE:
        print_memarg(p, i);
        print_number(p, i->lane);
        break;
    case MURRE_IMM_I32:
    case MURRE_IMM_I64:
        print_char(p, ' ');
        print_signed(p, (int64_t)i->bits);
        break;
    case MURRE_IMM_F32:
        print_char(p, ' ');
        print_f32(p, (uint32_t)i->bits);
        break;
    case MURRE_IMM_F64:
        print_char(p, ' ');
        print_f64(p, i->bits);
        break;
    case MURRE_IMM_LANE:
        if (i->op != MURRE_OP_ATOMIC_FENCE)
            print_number(p, i->lane);
        else if (i->lane)
            print_order(p, i);
        break;
    case MURRE_IMM_CAST: print_cast(p, i); break;
    case MURRE_IMM_ORDER_INDEX:
    case MURRE_IMM_ORDER_TYPE_INDEX: print_ordered(p, i); break;
    case MURRE_IMM_TAG_HANDLERS:
    case MURRE_IMM_HANDLERS:
        print_index(p, SPACE_TYPE, i->index[0]);
        if (imm == MURRE_IMM_TAG_HANDLERS)
            print_index(p, SPACE_TAG, i->index[1]);
        print_list(p, i);
        break;
    case MURRE_IMM_LABELS:
    case MURRE_IMM_SELECT:
    case MURRE_IMM_TRY_TABLE:
    case MURRE_IMM_V128:
    case MURRE_IMM_SHUFFLE: print_list(p, i); break;
    }
}

void print_instruction(struct printer *p, const struct murre_instruction *i) {
    bool nullable;
    const char *name = murre_op_info[i->op].imm == MURRE_IMM_REFTYPE ? cast_name(i->op, &nullable) : NULL;
    print_text(p, name ? name : murre_op_name(i->op));
    print_immediates(p, i);
}

void print_opening(struct printer *p, const struct murre_instruction *i) {
    struct print_label *label = print_label_at(p, 0);
    print_text(p, murre_op_name(i->op));
    if (label && label->name)
        print_identifier(p, label->name, SPACE_LABEL, label->ordinal, true);
    print_block_type(p, i);
    if (i->op == MURRE_OP_TRY_TABLE) {
        /* Its clauses are outside of it. */
        p->stack.size -= sizeof *label;
        print_list(p, i);
        p->stack.size += sizeof *label;
    }
    if (label && !label->name) {
        print_text(p, " ;; label = @");
        print_unsigned(p, print_depth(p));
        p->noted = p->lines;
    }
}

void print_expression(struct printer *p, struct murre_reader *r, const char *word) {
    struct murre_reader ahead = *r;
    struct murre_error ignored = {.status = MURRE_OK};
    struct murre_instruction i = {.op = MURRE_OP_COUNT};
    uint32_t count = 0;
    ahead.error = &ignored;
    while (count < 2 && murre_walk_next(&ahead, &i) && i.op != MURRE_OP_END)
        count++;
    if (word)
        print_text(p, " (");
    if (word && count != 1)
        print_text(p, word);
    for (bool first = word && count == 1; murre_walk_next(r, &i) && i.op != MURRE_OP_END; first = false) {
        if (print_opens(i.op) || print_divides(i.op) || print_closes(i.op)) {
            (void)murre_error_set(r->error, MURRE_ERROR_MALFORMED, i.offset, "a block in a constant expression");
            return;
        }
        if (!first)
            print_char(p, ' ');
        print_instruction(p, &i);
    }
    if (word)
        print_char(p, ')');
    if (murre_reader_ok(r) && i.op != MURRE_OP_END)
        murre_reader_fail(r, "unexpected end");
}
