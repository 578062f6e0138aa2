/* See mutate.h. A change rebuilds a function's code: the part before a place, something new or moved, the part after it. */
#include "module/mutate.h"

#include <string.h>

#include "module/scan.h"

enum { CODE_IS_LARGE = 8000, MOST_NEW_TARGETS = 120, MOST_FUNCS = 40, MOST_ITEMS = 20 };

struct change {
    struct fuzz_gen *g;
    uint32_t func;
    struct fuzz_scan scan;
    struct fuzz_bytes old, out;
};

/* ---- pieces of code ---------------------------------------------------------------------------------------------------- */

/* Instructions from `first` up to, not including, `end`. */
static void copy(struct change *c, uint32_t first, uint32_t end) {
    if (first == end)
        return;
    size_t start = c->scan.code.items[first].start;
    fuzz_put_raw(&c->out, c->old.data + start, c->scan.code.items[end - 1].end - start);
}

static void copy_rest(struct change *c, uint32_t from) {
    copy(c, from, c->scan.code.count);
}

static void put_labels(struct change *c, const struct murre_instruction *is, uint32_t nesting, uint32_t shift) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {c->old.data, is->list, c->old.data + c->old.size, &error};
    fuzz_put_op_u32(&c->out, is->op, is->count);
    for (uint32_t i = 0; i <= is->count; i++) {
        uint32_t label = murre_read_u32(&r);
        fuzz_put_u32(&c->out, label >= nesting ? label + shift : label);
    }
}

/* The same with `shift` more blocks around them. */
static void copy_shifted(struct change *c, uint32_t first, uint32_t end, uint32_t shift) {
    uint32_t nesting = 0;
    for (uint32_t i = first; i < end; i++) {
        const struct murre_instruction *is = &c->scan.code.items[i].is;
        switch (is->op) {
        case MURRE_OP_BR:
        case MURRE_OP_BR_IF: fuzz_put_op_u32(&c->out, is->op, is->index[0] >= nesting ? is->index[0] + shift : is->index[0]); continue;
        case MURRE_OP_BR_TABLE: put_labels(c, is, nesting, shift); continue;
        case MURRE_OP_BLOCK:
        case MURRE_OP_LOOP:
        case MURRE_OP_IF: nesting++; break;
        case MURRE_OP_END: nesting--; break;
        default: break;
        }
        copy(c, i, i + 1);
    }
}

/* A live place to put something in front of. */
static uint32_t some_place(struct change *c) {
    for (unsigned i = 0; i < 20; i++) {
        uint32_t at = fuzz_any(&c->g->random, c->scan.code.count);
        if (c->scan.code.items[at].live && c->scan.code.items[at].is.op != MURRE_OP_ELSE)
            return at;
    }
    return 0;
}

static const struct fuzz_range *some_value(struct change *c) {
    return c->scan.values.count ? &c->scan.values.items[fuzz_any(&c->g->random, c->scan.values.count)] : NULL;
}

/* Code may be made for the place: goes to c->out. */
static void make_for(struct change *c, uint32_t at, int size) {
    fuzz_scan_labels(c->g, c->func, at);
    c->g->out = &c->out;
    c->g->size = size;
}

/* ---- changes of a function --------------------------------------------------------------------------------------------- */

static bool insert_statement(struct change *c) {
    uint32_t at = some_place(c);
    copy(c, 0, at);
    make_for(c, at, 4 + (int)fuzz_any(&c->g->random, 30));
    fuzz_gen_statement(c->g, 2);
    copy_rest(c, at);
    return true;
}

static bool replace_value(struct change *c) {
    const struct fuzz_range *value = some_value(c);
    if (!value)
        return false;
    copy(c, 0, value->first);
    make_for(c, value->first, (int)fuzz_any(&c->g->random, 30));
    fuzz_gen_value(c->g, value->type, fuzz_any(&c->g->random, 5));
    copy_rest(c, value->last + 1);
    return true;
}

/* Something of the same type takes its place, from elsewhere in the function. */
static bool repeat_value(struct change *c) {
    const struct fuzz_range *value = some_value(c), *other = some_value(c);
    for (unsigned i = 0; other && other->type != value->type && i < 20; i++)
        other = some_value(c);
    if (!other || other->type != value->type)
        return false;
    copy(c, 0, value->first);
    copy(c, other->first, other->last + 1);
    copy_rest(c, value->last + 1);
    return true;
}

/* The value goes on into something that gives the type again. */
static bool extend_value(struct change *c) {
    const struct fuzz_range *value = some_value(c);
    if (!value)
        return false;
    struct fuzz_gen *g = c->g;
    uint32_t local;
    murre_valtype type = value->type;
    bool number = !murre_is_ref(type);
    copy(c, 0, value->last + 1);
    make_for(c, value->first, 10);
    switch (fuzz_any(&g->random, 4)) {
    case 0:
        if (number) {
            fuzz_gen_value(g, type, 2);
            fuzz_put_op(&c->out, fuzz_gen_op(&g->random, MURRE_CLASS_BINARY, type));
            break;
        }
        /* fall through */
    case 1:
        fuzz_gen_value(g, type, 2);
        fuzz_gen_value(g, MURRE_I32, 2);
        fuzz_put_op_u32(&c->out, MURRE_OP_SELECT_T, 1);
        fuzz_put_type(&c->out, type);
        break;
    case 2: /* out into a local, and back behind a statement */
        local = fuzz_gen_local(g, type);
        fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_SET, local);
        fuzz_gen_statement(g, 1);
        fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_GET, local);
        break;
    default: /* on the stack, under a statement */ fuzz_gen_statement(g, 1); break;
    }
    copy_rest(c, value->last + 1);
    return true;
}

static bool wrap_value(struct change *c) {
    const struct fuzz_range *value = some_value(c);
    if (!value)
        return false;
    struct fuzz_gen *g = c->g;
    uint32_t nest = fuzz_once_in(&g->random, 6) ? 1 + fuzz_any(&g->random, 40) : 1;
    murre_valtype type = value->type;
    enum murre_op ops[] = {MURRE_OP_BLOCK, MURRE_OP_LOOP, MURRE_OP_IF}, op = ops[fuzz_any(&g->random, nest == 1 ? 3 : 2)];
    copy(c, 0, value->first);
    make_for(c, value->first, 10);
    if (op == MURRE_OP_IF)
        fuzz_gen_value(g, MURRE_I32, 2);
    for (uint32_t i = 0; i < nest; i++)
        fuzz_gen_open(g, op, NULL, 0, &type, 1);
    copy_shifted(c, value->first, value->last + 1, nest);
    if (op == MURRE_OP_IF) {
        fuzz_put_op(&c->out, MURRE_OP_ELSE);
        fuzz_gen_value(g, type, 2);
    }
    for (uint32_t i = 0; i < nest; i++)
        fuzz_gen_close(g);
    copy_rest(c, value->last + 1);
    return true;
}

/* A value of a type that nothing else shares, with a block that takes and gives it in the middle of others. */
static bool pass_value(struct change *c) {
    const struct fuzz_range *value = some_value(c);
    if (!value)
        return false;
    struct fuzz_gen *g = c->g;
    murre_valtype types[3] = {value->type, fuzz_gen_type(g), fuzz_gen_type(g)}, turned[3] = {types[0], types[2], types[1]};
    copy(c, 0, value->last + 1);
    make_for(c, value->first, 12);
    fuzz_gen_value(g, types[1], 1);
    fuzz_gen_value(g, types[2], 1);
    fuzz_gen_open(g, MURRE_OP_BLOCK, types, 3, turned, 3);
    uint32_t a = fuzz_gen_local(g, types[2]), b = fuzz_local_add(g->module, fuzz_gen_func(g), types[1]);
    fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_SET, a);
    fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_SET, b);
    fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_GET, a);
    fuzz_put_op_u32(&c->out, MURRE_OP_LOCAL_GET, b);
    fuzz_gen_value(g, MURRE_I32, 1);
    fuzz_put_op_u32(&c->out, MURRE_OP_BR_IF, 0);
    fuzz_gen_close(g);
    fuzz_gen_pop(g, types[1]);
    fuzz_gen_pop(g, types[2]);
    copy_rest(c, value->last + 1);
    return true;
}

/* ---- changes of an instruction ----------------------------------------------------------------------------------------- */

static bool same_signature(enum murre_op a, enum murre_op b) {
    const struct murre_op_info *x = &murre_op_info[a], *y = &murre_op_info[b];
    return x->class == y->class && x->result == y->result && x->operand == y->operand && x->imm == y->imm &&
           (x->prefix == 0xfd) == (y->prefix == 0xfd);
}

/* An instruction of the same signature, which need not be another one. */
static enum murre_op like(struct fuzz_random *random, enum murre_op op) {
    uint32_t found = 0;
    enum murre_op chosen = op;
    for (unsigned other = 0; other < MURRE_OP_COUNT; other++)
        if (same_signature(op, (enum murre_op)other) && fuzz_once_in(random, ++found))
            chosen = (enum murre_op)other;
    return chosen;
}

static uint32_t other_func(struct fuzz_gen *g, uint32_t func) {
    uint32_t found = 0, chosen = func;
    for (uint32_t i = 0; i < g->module->funcs.count; i++)
        if (fuzz_same_type(fuzz_func_type(g->module, i), fuzz_func_type(g->module, func)) && fuzz_once_in(&g->random, ++found))
            chosen = i;
    return chosen;
}

static uint32_t other_global(struct fuzz_gen *g, uint32_t global) {
    const struct fuzz_global *all = g->module->globals.items;
    uint32_t found = 0, chosen = global;
    for (uint32_t i = 0; i < g->module->globals.count; i++)
        if (all[i].type.type == all[global].type.type && all[i].type.is_mutable == all[global].type.is_mutable &&
            fuzz_once_in(&g->random, ++found))
            chosen = i;
    return chosen;
}

static void more_targets(struct change *c, const struct murre_instruction *is) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {c->old.data, is->list, c->old.data + c->old.size, &error};
    uint32_t more = fuzz_any(&c->g->random, MOST_NEW_TARGETS), first = is->count ? murre_read_u32(&r) : is->index[0];
    fuzz_put_op_u32(&c->out, MURRE_OP_BR_TABLE, is->count + more);
    for (uint32_t i = 0; i < more; i++)
        fuzz_put_u32(&c->out, fuzz_once_in(&c->g->random, 2) ? first : is->index[0]);
    r.next = is->list;
    for (uint32_t i = 0; i <= is->count; i++)
        fuzz_put_u32(&c->out, murre_read_u32(&r));
}

/* False: nothing was put, the instruction is of no kind that is changed. */
static bool put_changed(struct change *c, const struct murre_instruction *is) {
    struct fuzz_gen *g = c->g;
    const struct fuzz_func *func = &g->module->funcs.items[c->func];
    enum murre_op op;
    switch ((enum murre_op_class)murre_op_info[is->op].class) {
    case MURRE_CLASS_UNARY:
    case MURRE_CLASS_BINARY:
    case MURRE_CLASS_SHIFT:
    case MURRE_CLASS_TERNARY:
    case MURRE_CLASS_COMPARE: fuzz_put_op(&c->out, like(&g->random, is->op)); return true;
    case MURRE_CLASS_LOAD:
    case MURRE_CLASS_STORE:
        op = fuzz_once_in(&g->random, 2) ? like(&g->random, is->op) : is->op;
        fuzz_put_op_u32(&c->out, op, fuzz_any(&g->random, murre_op_info[op].n + 1u));
        fuzz_put_u32(&c->out,
                     fuzz_once_in(&g->random, 2) ? (uint32_t)is->bits : (uint32_t)fuzz_gen_offset(&g->random, murre_op_info[op].n));
        return true;
    case MURRE_CLASS_CONST: {
        murre_valtype type = is->op == MURRE_OP_I32_CONST   ? MURRE_I32
                             : is->op == MURRE_OP_I64_CONST ? MURRE_I64
                             : is->op == MURRE_OP_F32_CONST ? MURRE_F32
                             : is->op == MURRE_OP_F64_CONST ? MURRE_F64
                                                            : MURRE_V128;
        uint64_t bits =
            fuzz_once_in(&g->random, 3) ? is->bits + (uint64_t)(int64_t)(fuzz_any(&g->random, 5) - 2) : fuzz_gen_bits(&g->random, type);
        fuzz_put_const(&c->out, type, bits);
        return true;
    }
    case MURRE_CLASS_LOCAL:
        g->func = c->func;
        fuzz_put_op_u32(&c->out, is->op, fuzz_gen_local(g, fuzz_local_type(g->module, func, is->index[0])));
        return true;
    default: break;
    }
    switch (is->op) {
    case MURRE_OP_CALL:
    case MURRE_OP_REF_FUNC: fuzz_put_op_u32(&c->out, is->op, other_func(g, is->index[0])); return true;
    case MURRE_OP_GLOBAL_GET:
    case MURRE_OP_GLOBAL_SET: fuzz_put_op_u32(&c->out, is->op, other_global(g, is->index[0])); return true;
    case MURRE_OP_BR_TABLE: more_targets(c, is); return true;
    default: return false;
    }
}

static bool change_instructions(struct change *c) {
    bool any = false;
    uint32_t at = fuzz_any(&c->g->random, c->scan.code.count), count = 1 + fuzz_any(&c->g->random, 3);
    copy(c, 0, at);
    for (; at < c->scan.code.count && count > 0; at++) {
        if (c->scan.code.items[at].live && put_changed(c, &c->scan.code.items[at].is)) {
            any = true;
            count--;
        } else {
            copy(c, at, at + 1);
        }
    }
    copy_rest(c, at);
    return any;
}

static void change_function(struct fuzz_gen *g) {
    struct fuzz_module *module = g->module;
    struct change c = {.g = g, .func = module->func_imports + fuzz_any(&g->random, module->funcs.count - module->func_imports)};
    c.old = module->funcs.items[c.func].code;
    c.out = fuzz_bytes_new(module);
    if (c.old.size > CODE_IS_LARGE && fuzz_once_in(&g->random, 4)) {
        fuzz_gen_body(g, c.func, 40);
        return;
    }
    fuzz_scan(g, c.func, &c.scan);
    bool done;
    switch (fuzz_any(&g->random, 14)) {
    case 0:
    case 1: done = insert_statement(&c); break;
    case 2:
    case 3: done = replace_value(&c); break;
    case 4: done = repeat_value(&c); break;
    case 5:
    case 6: done = extend_value(&c); break;
    case 7: done = wrap_value(&c); break;
    case 8: done = pass_value(&c); break;
    default: done = change_instructions(&c); break;
    }
    if (done)
        module->funcs.items[c.func].code = c.out;
}

/* ---- changes of the module --------------------------------------------------------------------------------------------- */

static void change_module(struct fuzz_gen *g) {
    struct fuzz_module *module = g->module;
    switch (fuzz_any(&g->random, 8)) {
    case 0:
    case 1:
        if (module->funcs.count < MOST_FUNCS)
            fuzz_gen_body(g, fuzz_add_func(module, fuzz_gen_functype(g)), 5 + (int)fuzz_any(&g->random, 80));
        return;
    case 2:
        if (module->globals.count < MOST_ITEMS)
            fuzz_add_global(g, fuzz_gen_type(g), !fuzz_once_in(&g->random, 4));
        return;
    case 3:
        if (module->datas.count < MOST_ITEMS)
            fuzz_add_data(g);
        return;
    case 4:
        if (module->elems.count < MOST_ITEMS)
            fuzz_add_elem(g);
        return;
    case 5:
        if (module->tables.count < 4)
            fuzz_add_table(g, fuzz_once_in(&g->random, 2) ? MURRE_FUNCREF : MURRE_EXTERNREF);
        return;
    case 6:
        if (!module->memories.count)
            *FUZZ_ADD(&module->arena, &module->memories) = (struct murre_limits){.min = 1};
        else
            module->memories.items[0].min = fuzz_any(&g->random, 3);
        if (module->memories.items[0].has_max)
            module->memories.items[0].max = module->memories.items[0].min + fuzz_any(&g->random, 3);
        return;
    default:
        if (module->funcs.count > module->func_imports)
            fuzz_gen_body(g, module->func_imports + fuzz_any(&g->random, module->funcs.count - module->func_imports),
                          5 + (int)fuzz_any(&g->random, 100));
        return;
    }
}

void fuzz_change(struct fuzz_gen *g) {
    fuzz_declare_all(g->module);
    if (g->module->funcs.count == g->module->func_imports || fuzz_once_in(&g->random, 10))
        change_module(g);
    else
        change_function(g);
    fuzz_declare_all(g->module);
}
