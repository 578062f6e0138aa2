/* See scan.h. The stack is tracked as in the specification's validation algorithm (appendix), without the checks. */
#include "module/scan.h"

#include <stdlib.h>

enum { NOWHERE = UINT32_MAX };

struct entry {
    murre_valtype type;
    uint32_t first; /* where the code that makes it begins, or NOWHERE */
};

struct frame {
    const murre_valtype *params, *results;
    uint32_t param_count, result_count;
    uint32_t base;   /* of the stack */
    uint32_t first;  /* where its values would begin */
    bool loop, live; /* live where it was entered */
};

struct scanner {
    struct fuzz_gen *g;
    struct fuzz_module *module;
    uint32_t func, at; /* at: instruction */
    bool live;
    FUZZ_LIST(struct entry) stack;
    FUZZ_LIST(struct frame) frames;
    struct fuzz_scan *scan; /* or NULL */
    uint32_t deepest;       /* first of the deepest operand that this instruction has taken */
    bool took;
};

static murre_valtype pop(struct scanner *s) {
    if (!s->stack.count)
        abort();
    const struct entry *entry = &s->stack.items[--s->stack.count];
    s->deepest = entry->first;
    s->took = true;
    return entry->type;
}

static void pop_many(struct scanner *s, uint32_t count) {
    while (count--)
        pop(s);
}

static void push_from(struct scanner *s, murre_valtype type, uint32_t first) {
    *FUZZ_ADD(&s->module->arena, &s->stack) = (struct entry){type, first};
    if (s->scan && first != NOWHERE)
        *FUZZ_ADD(&s->module->arena, &s->scan->values) = (struct fuzz_range){first, s->at, type};
}

static uint32_t begin(const struct scanner *s) {
    return s->took ? s->deepest : s->at;
}

/* The only result. */
static void push(struct scanner *s, murre_valtype type) {
    push_from(s, type, begin(s));
}

static void push_many(struct scanner *s, const murre_valtype *types, uint32_t count, uint32_t first) {
    for (uint32_t i = 0; i < count; i++)
        push_from(s, types[i], count == 1 ? first : NOWHERE);
}

/* ---- control ----------------------------------------------------------------------------------------------------------- */

static void block_type(struct scanner *s, int64_t code, struct murre_walk_type single, struct frame *frame) {
    if (code >= 0) {
        const struct murre_functype *type = &s->module->types.items[code];
        frame->params = type->params;
        frame->param_count = type->param_count;
        frame->results = type->results;
        frame->result_count = type->result_count;
    } else if (code != -64) {
        murre_valtype *result = fuzz_alloc(&s->module->arena, sizeof *result);
        *result = fuzz_word_of(single);
        frame->results = result;
        frame->result_count = 1;
    }
}

static void enter(struct scanner *s, const struct murre_instruction *is) {
    struct frame frame = {.loop = is->op == MURRE_OP_LOOP, .live = s->live};
    block_type(s, is->type, is->result, &frame);
    if (s->live) {
        if (is->op == MURRE_OP_IF)
            pop(s);
        pop_many(s, frame.param_count);
    }
    frame.first = begin(s);
    frame.base = s->stack.count;
    *FUZZ_ADD(&s->module->arena, &s->frames) = frame;
    if (s->live)
        push_many(s, frame.params, frame.param_count, NOWHERE);
}

static void otherwise(struct scanner *s) {
    const struct frame *frame = &s->frames.items[s->frames.count - 1];
    s->stack.count = frame->base;
    s->live = frame->live;
    if (s->live)
        push_many(s, frame->params, frame->param_count, NOWHERE);
}

static void leave(struct scanner *s) {
    struct frame frame = s->frames.items[--s->frames.count];
    s->stack.count = frame.base;
    s->live = frame.live;
    if (s->live && s->frames.count)
        push_many(s, frame.results, frame.result_count, frame.first);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static void call(struct scanner *s, const struct murre_functype *type) {
    pop_many(s, type->param_count);
    push_many(s, type->results, type->result_count, begin(s));
}

static void special(struct scanner *s, const struct murre_instruction *is) {
    const struct fuzz_module *module = s->module;
    murre_valtype type;
    switch (is->op) {
    case MURRE_OP_BR_IF:
    case MURRE_OP_DROP:
    case MURRE_OP_GLOBAL_SET: pop(s); break;
    case MURRE_OP_CALL: call(s, fuzz_func_type(module, is->index[0])); break;
    case MURRE_OP_CALL_INDIRECT:
        pop(s);
        call(s, &module->types.items[is->index[0]]);
        break;
    case MURRE_OP_SELECT:
    case MURRE_OP_SELECT_T:
        pop_many(s, 2);
        type = pop(s);
        push(s, type);
        break;
    case MURRE_OP_GLOBAL_GET: push(s, module->globals.items[is->index[0]].type.type); break;
    case MURRE_OP_TABLE_GET:
        pop(s);
        push(s, module->tables.items[is->index[0]].type);
        break;
    case MURRE_OP_TABLE_SET: pop_many(s, 2); break;
    case MURRE_OP_REF_NULL: push(s, is->type < 0 ? (murre_valtype)(is->type + 128) : murre_ref_to((uint32_t)is->type, true)); break;
    case MURRE_OP_REF_FUNC: push(s, MURRE_FUNCREF); break;
    case MURRE_OP_CALL_REF:
        pop(s);
        call(s, &module->types.items[is->index[0]]);
        break;
    case MURRE_OP_REF_AS_NON_NULL:
    case MURRE_OP_BR_ON_NULL:
        type = pop(s);
        push(s, murre_is_ref(type) ? murre_ref_not_null(type) : type);
        break;
    case MURRE_OP_BR_ON_NON_NULL: pop(s); break;
    case MURRE_OP_REF_IS_NULL:
    case MURRE_OP_MEMORY_GROW:
        pop(s);
        push(s, MURRE_I32);
        break;
    case MURRE_OP_MEMORY_SIZE:
    case MURRE_OP_TABLE_SIZE: push(s, MURRE_I32); break;
    case MURRE_OP_TABLE_GROW:
        pop_many(s, 2);
        push(s, MURRE_I32);
        break;
    case MURRE_OP_MEMORY_INIT:
    case MURRE_OP_MEMORY_COPY:
    case MURRE_OP_MEMORY_FILL:
    case MURRE_OP_TABLE_INIT:
    case MURRE_OP_TABLE_COPY:
    case MURRE_OP_TABLE_FILL: pop_many(s, 3); break;
    default: break;
    }
}

static void step(struct scanner *s, const struct murre_instruction *is) {
    const struct murre_op_info *info = &murre_op_info[is->op];
    murre_valtype type;
    s->took = false;
    switch (is->op) {
    case MURRE_OP_BLOCK:
    case MURRE_OP_LOOP:
    case MURRE_OP_IF: enter(s, is); return;
    case MURRE_OP_ELSE: otherwise(s); return;
    case MURRE_OP_END: leave(s); return;
    default: break;
    }
    if (!s->live)
        return;
    switch ((enum murre_op_class)info->class) {
    case MURRE_CLASS_LOCAL:
        type = fuzz_local_type(s->module, &s->module->funcs.items[s->func], is->index[0]);
        if (is->op != MURRE_OP_LOCAL_GET)
            pop(s);
        if (is->op != MURRE_OP_LOCAL_SET)
            push(s, type);
        return;
    case MURRE_CLASS_CONST:
        push(s, is->op == MURRE_OP_I32_CONST   ? MURRE_I32
                : is->op == MURRE_OP_I64_CONST ? MURRE_I64
                : is->op == MURRE_OP_F32_CONST ? MURRE_F32
                : is->op == MURRE_OP_F64_CONST ? MURRE_F64
                                               : MURRE_V128);
        return;
    case MURRE_CLASS_TERNARY: pop(s); /* fall through */
    case MURRE_CLASS_COMPARE:
    case MURRE_CLASS_SHIFT:
    case MURRE_CLASS_REPLACE:
    case MURRE_CLASS_SHUFFLE:
    case MURRE_CLASS_LOAD_LANE:
    case MURRE_CLASS_BINARY: pop(s); /* fall through */
    case MURRE_CLASS_EXTRACT:
    case MURRE_CLASS_UNARY:
    case MURRE_CLASS_LOAD:
        pop(s);
        push(s, info->result);
        return;
    case MURRE_CLASS_STORE_LANE:
    case MURRE_CLASS_STORE: pop_many(s, 2); return;
    default: break;
    }
    if (is->op == MURRE_OP_UNREACHABLE || is->op == MURRE_OP_BR || is->op == MURRE_OP_BR_TABLE || is->op == MURRE_OP_RETURN ||
        is->op == MURRE_OP_RETURN_CALL || is->op == MURRE_OP_RETURN_CALL_INDIRECT || is->op == MURRE_OP_RETURN_CALL_REF)
        s->live = false;
    else
        special(s, is);
}

static void run(struct scanner *s, uint32_t stop) {
    const struct fuzz_func *func = &s->module->funcs.items[s->func];
    const struct murre_functype *type = fuzz_func_type(s->module, s->func);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {func->code.data, func->code.data, func->code.data + func->code.size, &error};
    struct murre_instruction is;
    s->live = true;
    *FUZZ_ADD(&s->module->arena, &s->frames) = (struct frame){.results = type->results, .result_count = type->result_count, .live = true};
    for (; s->at != stop && murre_walk_next(&r, &is); s->at++) {
        if (s->scan)
            *FUZZ_ADD(&s->module->arena, &s->scan->code) =
                (struct fuzz_instr){(size_t)is.offset, (size_t)murre_reader_offset(&r), s->live, is};
        step(s, &is);
    }
    if (error.status != MURRE_OK)
        abort();
}

void fuzz_scan(struct fuzz_gen *g, uint32_t func, struct fuzz_scan *scan) {
    *scan = (struct fuzz_scan){{0}, {0}};
    struct scanner s = {.g = g, .module = g->module, .func = func, .scan = scan};
    run(&s, UINT32_MAX);
}

void fuzz_scan_labels(struct fuzz_gen *g, uint32_t func, uint32_t at) {
    struct scanner s = {.g = g, .module = g->module, .func = func};
    run(&s, at);
    g->func = func;
    g->labels.count = 0;
    g->loops = 0;
    for (uint32_t i = 0; i < s.frames.count; i++) {
        const struct frame *frame = &s.frames.items[i];
        *FUZZ_ADD(&g->module->arena, &g->labels) =
            frame->loop ? (struct fuzz_label){frame->params, frame->param_count} : (struct fuzz_label){frame->results, frame->result_count};
        g->loops += frame->loop;
    }
}
