/* Folded instructions (6.5.11). Instructions between two that nest are a run: each takes as operands what stands immediately before it, as far as
 * that gives one value. The folded form means the same whatever is taken, since operands are written in the order in which they are computed; so
 * the counts below may be too small where they are not known, and need no validation.
 *
 * A node's operands, with theirs, lie immediately before it in the run. So a tree needs no pointers: the place of its first node says how far it
 * reaches. Trees are printed with a stack of ours, each instruction read again from its bytes. */
#include <string.h>

#include "text/print_internal.h"

enum { BODY_DEPTH = 2 };

struct node {
    uint32_t offset; /* in the module */
    uint32_t start;  /* first node of its tree */
    bool gives_one;  /* value */
};

struct work {
    uint32_t node;
    uint32_t closes; /* parentheses behind it, its own included */
    uint32_t depth;
};

/* ---- how many operands ---- */

static uint32_t later_operands(enum murre_op op, bool *gives_one) {
    const struct murre_op_info *info = &murre_op_info[op];
    *gives_one = true;
    if (info->imm == MURRE_IMM_REFTYPE)
        return 1;
    if (op == MURRE_OP_I31_GET_S || op == MURRE_OP_I31_GET_U)
        return 1;
    switch (op) {
    case MURRE_OP_STRUCT_NEW_DEFAULT: return 0;
    case MURRE_OP_REF_AS_NON_NULL:
    case MURRE_OP_REF_I31:
    case MURRE_OP_ARRAY_LEN:
    case MURRE_OP_ARRAY_NEW_DEFAULT:
    case MURRE_OP_STRUCT_GET:
    case MURRE_OP_STRUCT_GET_S:
    case MURRE_OP_STRUCT_GET_U:
    case MURRE_OP_ANY_CONVERT_EXTERN:
    case MURRE_OP_EXTERN_CONVERT_ANY: return 1;
    case MURRE_OP_REF_EQ:
    case MURRE_OP_ARRAY_NEW:
    case MURRE_OP_ARRAY_GET:
    case MURRE_OP_ARRAY_GET_S:
    case MURRE_OP_ARRAY_GET_U:
    case MURRE_OP_ARRAY_NEW_DATA:
    case MURRE_OP_ARRAY_NEW_ELEM: return 2;
    default: break;
    }
    *gives_one = false;
    switch (op) {
    case MURRE_OP_STRUCT_SET: return 2;
    case MURRE_OP_ARRAY_SET: return 3;
    case MURRE_OP_ARRAY_FILL: return 4;
    case MURRE_OP_THROW_REF: return 1;
    default: return 0;
    }
}

static uint32_t special_operands(const struct printer *p, const struct murre_instruction *i, bool *gives_one) {
    uint32_t params = 0, results = 0, functions = (uint32_t)(p->func_types.size / sizeof(uint32_t));
    *gives_one = true;
    switch (i->op) {
    case MURRE_OP_GLOBAL_GET:
    case MURRE_OP_MEMORY_SIZE:
    case MURRE_OP_TABLE_SIZE:
    case MURRE_OP_REF_NULL:
    case MURRE_OP_REF_FUNC: return 0;
    case MURRE_OP_MEMORY_GROW:
    case MURRE_OP_TABLE_GET:
    case MURRE_OP_REF_IS_NULL: return 1;
    case MURRE_OP_TABLE_GROW: return 2;
    case MURRE_OP_SELECT:
    case MURRE_OP_SELECT_T: return 3;
    case MURRE_OP_CALL:
    case MURRE_OP_RETURN_CALL:
        if (i->index[0] < functions)
            print_arity(p, ((const uint32_t *)p->func_types.data)[i->index[0]], &params, &results);
        break;
    case MURRE_OP_CALL_INDIRECT:
    case MURRE_OP_RETURN_CALL_INDIRECT:
    case MURRE_OP_CALL_REF:
    case MURRE_OP_RETURN_CALL_REF:
        print_arity(p, i->index[0], &params, &results);
        params++;
        break;
    case MURRE_OP_DROP:
    case MURRE_OP_GLOBAL_SET:
    case MURRE_OP_BR_IF:
    case MURRE_OP_BR_TABLE: params = 1; break;
    case MURRE_OP_TABLE_SET: params = 2; break;
    case MURRE_OP_MEMORY_COPY:
    case MURRE_OP_MEMORY_FILL:
    case MURRE_OP_MEMORY_INIT:
    case MURRE_OP_TABLE_COPY:
    case MURRE_OP_TABLE_FILL:
    case MURRE_OP_TABLE_INIT: params = 3; break;
    default: return later_operands(i->op, gives_one);
    }
    *gives_one = results == 1;
    return params;
}

static uint32_t operands(const struct printer *p, const struct murre_instruction *i, bool *gives_one) {
    *gives_one = true;
    switch ((enum murre_op_class)murre_op_info[i->op].class) {
    case MURRE_CLASS_CONST: return 0;
    case MURRE_CLASS_UNARY:
    case MURRE_CLASS_LOAD:
    case MURRE_CLASS_EXTRACT: return 1;
    case MURRE_CLASS_BINARY:
    case MURRE_CLASS_COMPARE:
    case MURRE_CLASS_SHIFT:
    case MURRE_CLASS_REPLACE:
    case MURRE_CLASS_SHUFFLE:
    case MURRE_CLASS_LOAD_LANE: return 2;
    case MURRE_CLASS_TERNARY: return 3;
    case MURRE_CLASS_LOCAL: *gives_one = i->op != MURRE_OP_LOCAL_SET; return i->op != MURRE_OP_LOCAL_GET;
    case MURRE_CLASS_STORE:
    case MURRE_CLASS_STORE_LANE: *gives_one = false; return 2;
    default: return special_operands(p, i, gives_one);
    }
}

/* ---- runs ---- */

static void add_node(struct printer *p, const struct murre_instruction *i) {
    struct node *node = print_grow(p, &p->nodes, sizeof *node);
    if (!node)
        return;
    const struct node *nodes = p->nodes.data;
    uint32_t count = operands(p, i, &node->gives_one);
    node->offset = (uint32_t)i->offset;
    node->start = (uint32_t)(node - nodes);
    for (; count && node->start && nodes[node->start - 1].gives_one; count--)
        node->start = nodes[node->start - 1].start;
}

static bool push(struct printer *p, uint32_t node, uint32_t closes, uint32_t depth) {
    struct work *work = print_grow(p, &p->work, sizeof *work);
    if (work)
        *work = (struct work){node, closes, depth};
    return work;
}

/* Prints what is on the stack of work, and the trees below it. */
static void print_trees(struct printer *p) {
    const struct node *nodes = p->nodes.data;
    while (p->work.size && !p->failed) {
        p->work.size -= sizeof(struct work);
        struct work work = *(struct work *)((char *)p->work.data + p->work.size);
        const struct node *node = &nodes[work.node];
        struct murre_error ignored = {.status = MURRE_OK};
        struct murre_reader r = {p->bytes, p->bytes + node->offset, p->bytes + p->size, &ignored};
        struct murre_instruction i;
        if (!murre_walk_next(&r, &i))
            return;
        print_line(p, i.offset, work.depth);
        print_char(p, '(');
        print_instruction(p, &i);
        uint32_t closes = work.closes + 1; /* the last operand's: it comes off the stack last */
        for (uint32_t end = work.node; end > node->start; end = nodes[end - 1].start, closes = 1)
            if (!push(p, end - 1, closes, work.depth + 1))
                return;
        if (node->start == work.node)
            for (; work.closes; work.closes--)
                print_char(p, ')');
    }
}

/* The trees of the run up to a node, each a statement. */
static void print_run(struct printer *p, uint32_t end, uint32_t depth) {
    const struct node *nodes = p->nodes.data;
    for (; end && !p->failed; end = nodes[end - 1].start)
        if (!push(p, end - 1, 1, depth))
            return;
    print_trees(p);
}

/* ---- blocks ---- */

/* Blocks of the former exception handling stay flat: no parser of today's format reads them folded. */
static bool is_flat(enum murre_op op) {
    return op == MURRE_OP_TRY || op == MURRE_OP_CATCH || op == MURRE_OP_CATCH_ALL;
}

/* By how much what is in a block is further in: an if has parts. */
static uint32_t step_of(enum murre_op op) {
    return op == MURRE_OP_IF || op == MURRE_OP_ELSE ? 2 : 1;
}

static void print_opened(struct printer *p, const struct murre_instruction *i, uint32_t depth, uint32_t condition) {
    print_line(p, i->offset, depth);
    if (!is_flat(i->op))
        print_char(p, '(');
    print_opening(p, i);
    if (condition && push(p, condition - 1, 1, depth + 1))
        print_trees(p);
    if (i->op == MURRE_OP_IF) {
        print_bare_line(p, depth + 1);
        print_text(p, "(then");
    }
}

static void print_divided(struct printer *p, const struct murre_instruction *i, uint32_t depth) {
    if (i->op == MURRE_OP_ELSE)
        print_char(p, ')');
    print_line(p, i->offset, depth);
    if (i->op == MURRE_OP_ELSE)
        print_char(p, '(');
    print_instruction(p, i);
}

/* block: what is closed, or its last division. */
static void print_ended(struct printer *p, const struct murre_instruction *i, uint32_t depth, enum murre_op block) {
    if (is_flat(block)) {
        print_line(p, i->offset, depth);
        print_instruction(p, i);
        return;
    }
    if (p->noted == p->lines && step_of(block) == 1)
        print_bare_line(p, depth);
    print_text(p, step_of(block) == 2 ? "))" : ")");
}

/* An instruction that nests, at the end of a run. *depth: of what is in the innermost block. */
static bool print_nesting(struct printer *p, struct murre_reader *r, const struct murre_instruction *i, uint32_t *depth) {
    const struct node *nodes = p->nodes.data;
    uint32_t end = (uint32_t)(p->nodes.size / sizeof *nodes), condition = 0;
    const struct print_label *top = print_label_at(p, 0);
    enum murre_op block = top ? top->op : MURRE_OP_COUNT;
    if (i->op == MURRE_OP_IF && end && nodes[end - 1].gives_one)
        condition = end;
    print_run(p, condition ? nodes[condition - 1].start : end, *depth);
    if (!print_nest(p, r, i->op))
        return false;
    if (print_opens(i->op)) {
        print_opened(p, i, *depth, condition);
        *depth += step_of(i->op);
    } else if (print_divides(i->op)) {
        print_divided(p, i, *depth - 1);
    } else {
        *depth -= step_of(block);
        print_ended(p, i, *depth, block);
    }
    p->nodes.size = 0;
    return true;
}

void print_folded(struct printer *p, struct murre_reader *r) {
    struct murre_instruction i;
    uint32_t depth = BODY_DEPTH;
    p->nodes.size = p->work.size = 0;
    while (!p->failed && murre_walk_next(r, &i)) {
        if (i.op == MURRE_OP_END && p->stack.size == 0) {
            print_run(p, (uint32_t)(p->nodes.size / sizeof(struct node)), depth);
            if (murre_reader_left(r))
                murre_reader_fail(r, "operators remaining after end of function");
            return;
        }
        if (!print_opens(i.op) && !print_divides(i.op) && !print_closes(i.op))
            add_node(p, &i);
        else if (!print_nesting(p, r, &i, &depth))
            return;
    }
    if (!p->failed && murre_reader_ok(r))
        murre_reader_fail(r, "function body must end with END opcode");
}
