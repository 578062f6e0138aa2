/* Function bodies: locals, blocks, and the flat form of instructions, a line each. Blocks that are open are on a stack of ours. */
#include <string.h>

#include "text/print_internal.h"

enum { BODY_DEPTH = 2, LOCAL_WIDTH = 8 };

/* ---- blocks ---- */

bool print_opens(enum murre_op op) {
    return op == MURRE_OP_BLOCK || op == MURRE_OP_LOOP || op == MURRE_OP_IF || op == MURRE_OP_TRY || op == MURRE_OP_TRY_TABLE;
}
bool print_divides(enum murre_op op) {
    return op == MURRE_OP_ELSE || op == MURRE_OP_CATCH || op == MURRE_OP_CATCH_ALL;
}
bool print_closes(enum murre_op op) {
    return op == MURRE_OP_END || op == MURRE_OP_DELEGATE;
}

uint32_t print_depth(const struct printer *p) {
    return (uint32_t)(p->stack.size / sizeof(struct print_label));
}

struct print_label *print_label_at(const struct printer *p, uint32_t label) {
    uint32_t depth = print_depth(p);
    return label < depth ? (struct print_label *)p->stack.data + (depth - 1 - label) : NULL;
}

static bool may_divide(enum murre_op block, enum murre_op op) {
    if (op == MURRE_OP_ELSE)
        return block == MURRE_OP_IF;
    return block == MURRE_OP_TRY || block == MURRE_OP_CATCH;
}

bool print_nest(struct printer *p, struct murre_reader *r, enum murre_op op) {
    struct print_label *top = print_label_at(p, 0);
    if (print_opens(op)) {
        print_name name = print_label_name(p);
        struct print_label *label = print_grow(p, &p->stack, sizeof *label);
        if (!label)
            return false;
        *label = (struct print_label){name, p->ordinal++, (uint16_t)op};
    } else if (print_divides(op)) {
        if (!top || !may_divide(top->op, op)) {
            murre_reader_fail(r, op == MURRE_OP_ELSE ? "misplaced else" : "misplaced catch");
            return false;
        }
        top->op = (uint16_t)op;
    } else if (print_closes(op)) {
        if (!top || (op == MURRE_OP_DELEGATE && top->op != MURRE_OP_TRY)) {
            murre_reader_fail(r, "misplaced delegate");
            return false;
        }
        p->stack.size -= sizeof *top;
    }
    return true;
}

/* ---- locals ---- */

/* A line for all; names have parentheses of their own. */
static void print_locals(struct printer *p, struct murre_reader *r, uint32_t index) {
    bool any = false, open = false;
    for (uint32_t groups = murre_read_u32(r); groups && murre_reader_ok(r) && !p->failed; groups--) {
        uint64_t offset = murre_reader_offset(r);
        uint32_t count = murre_read_u32(r);
        const uint8_t *type = r->next;
        if (count > 1 && !print_afford(p, (uint64_t)count * LOCAL_WIDTH)) {
            (void)murre_error_set(r->error, MURRE_ERROR_LIMIT, offset, "%u locals: the text would be far larger than the module",
                                  (unsigned)count);
            return;
        }
        murre_walk_type(r);
        for (; count && murre_reader_ok(r) && !p->failed; count--, index++) {
            print_name name = print_name_of(p, SPACE_LOCAL, index);
            if (!any)
                print_line(p, offset, BODY_DEPTH);
            if (open && name)
                print_char(p, ')');
            if (name || !open)
                print_text(p, any ? " (local" : "(local");
            any = true;
            if (name)
                print_identifier(p, name, SPACE_LOCAL, index, true);
            r->next = type;
            print_value_type(p, r);
            if (name)
                print_char(p, ')');
            open = !name;
        }
    }
    if (open)
        print_char(p, ')');
}

/* ---- instructions ---- */

static void print_flat(struct printer *p, struct murre_reader *r) {
    struct murre_instruction i;
    while (!p->failed && murre_walk_next(r, &i)) {
        enum murre_op op = i.op;
        bool nests = print_opens(op) || print_divides(op) || print_closes(op);
        if (op == MURRE_OP_END && p->stack.size == 0) {
            if (murre_reader_left(r))
                murre_reader_fail(r, "operators remaining after end of function");
            return;
        }
        if (nests && !print_nest(p, r, op))
            return;
        print_line(p, i.offset, BODY_DEPTH + print_depth(p) - (print_opens(op) || print_divides(op)));
        if (print_opens(op))
            print_opening(p, &i);
        else
            print_instruction(p, &i);
    }
    if (!p->failed && murre_reader_ok(r))
        murre_reader_fail(r, "function body must end with END opcode");
}

void print_body(struct printer *p, struct murre_reader *r, uint32_t params) {
    p->stack.size = 0;
    p->ordinal = 0;
    print_locals(p, r, params);
    if (!murre_reader_ok(r) || p->failed)
        return;
    if (p->folded)
        print_folded(p, r);
    else
        print_flat(p, r);
    p->stack.size = 0;
}
