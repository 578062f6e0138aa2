/* Variables, calls, select, references, tables and bulk operations: see front_internal.h. */
#include "wasm/front_internal.h"

bool front_read_valtype(struct murre_front *f, struct murre_reader *r, uint8_t *code) {
    murre_valtype type;
    if (!murre_read_valtype(r, f->module, f->supported, &type))
        return false;
    *code = front_code(f, type);
    return f->error->status == MURRE_OK;
}

void front_push_again(struct murre_front *f, const struct entry *e, uint8_t type) {
    const union value value = f->emit && e->kind != ENTRY_TEMP ? f->values[e->index] : (union value){.bits = 0};
    if (e->kind == ENTRY_LOCAL && f->emit)
        front_push_local(f, type, value.local);
    else
        front_push(f, type); /* in its home, or of no meaning */
}

static void push_local(struct murre_front *f, uint32_t local) {
    if (f->emit)
        front_push_local(f, front_local_type(f, local), local);
    else
        front_push(f, front_local_type(f, local));
}

static void set_local(struct murre_front *f, uint32_t local, const struct entry *value) {
    if (!f->emit || (value->kind == ENTRY_LOCAL && f->values[value->index].local == local))
        return;
    front_flush_local(f, local);
    f->ops->copy(f->sink, front_local_slot(f, local), front_operand(f, value));
}

/* Of a local that there is not, or of any in a function that has some without default. */
static __attribute__((noinline, cold)) bool check_local(struct murre_front *f, enum murre_op op, uint32_t local) {
    if (local >= f->local_count)
        front_fail(f, "unknown local %u", local);
    else if (op == MURRE_OP_LOCAL_GET)
        front_check_set(f, local);
    else
        front_note_set(f, local);
    return f->error->status == MURRE_OK;
}

void front_local(struct murre_front *f, enum murre_op op) {
    uint32_t local = murre_read_u32(&f->reader);
    if (__builtin_expect(local >= f->plain_locals, 0) && !check_local(f, op, local))
        return;
    if (op == MURRE_OP_LOCAL_GET) {
        push_local(f, local);
        return;
    }
    struct entry value = front_pop(f, front_local_type(f, local));
    set_local(f, local, &value);
    if (op == MURRE_OP_LOCAL_TEE)
        push_local(f, local);
}

void front_global(struct murre_front *f, enum murre_op op) {
    uint32_t global = murre_read_u32(&f->reader);
    if (global >= f->module->global_count) {
        front_fail(f, "unknown global %u", global);
        return;
    }
    const struct murre_global_type *type = &f->module->globals[global];
    if (op == MURRE_OP_GLOBAL_GET) {
        uint32_t dst = front_push_result(f, front_code(f, type->type));
        if (f->emit)
            f->ops->global_get(f->sink, dst, global);
        return;
    }
    if (!type->is_mutable) {
        front_fail(f, "global is immutable");
        return;
    }
    struct entry value = front_pop(f, front_code(f, type->type));
    if (f->emit)
        f->ops->global_set(f->sink, global, front_operand(f, &value));
}

/* Where a call's operands and results live. */
struct exchange {
    struct murre_arguments args;
    uint32_t base, dst;
};

/* Pops the arguments. */
static inline __attribute__((always_inline)) bool take_arguments(struct murre_front *f, const struct murre_type *type, struct exchange *x) {
    struct type_list params = front_params(type);
    if (!front_fits(f, params))
        return false;
    uint32_t own = f->height - front_frame(f)->height; /* fewer than params where code is unreachable */
    uint32_t height = f->height - (own < params.count ? own : params.count);
    *x = (struct exchange){.base = front_slot(f, height)};
    if (f->emit)
        x->args.args = front_arguments(f, params.count, &x->args.count);
    if (f->error->status != MURRE_OK)
        return false;
    front_drop_to(f, height);
    x->dst = x->base;
    return true;
}

/* The same, and pushes the results. */
static bool exchange(struct murre_front *f, const struct murre_type *type, struct exchange *x) {
    if (!take_arguments(f, type, x))
        return false;
    if (type->func.result_count == 1)
        x->dst = front_push_result(f, *front_results(type).types);
    else
        front_push_list(f, front_results(type));
    return f->error->status == MURRE_OK;
}

static bool read_func(struct murre_front *f, uint32_t *func) {
    *func = murre_read_u32(&f->reader);
    if (*func >= f->module->func_count)
        front_fail(f, "unknown function %u", *func);
    return f->error->status == MURRE_OK;
}

void front_call(struct murre_front *f) {
    uint32_t func;
    struct exchange x;
    if (!read_func(f, &func))
        return;
    if (exchange(f, murre_module_func_type(f->module, func), &x) && f->emit)
        f->ops->call(f->sink, func, x.args, x.base, x.dst);
}

static bool read_call_type(struct murre_front *f, uint32_t *type) {
    *type = murre_read_u32(&f->reader);
    if (murre_reader_ok(&f->reader) && *type >= f->module->type_count)
        front_fail(f, "unknown type %u", *type);
    return f->error->status == MURRE_OK;
}

/* Immediates of call_indirect, and its operand. */
static bool read_indirect(struct murre_front *f, uint32_t *type, uint32_t *table, struct murre_operand *index) {
    *type = murre_read_u32(&f->reader);
    *table = murre_read_u32(&f->reader);
    if (!murre_reader_ok(&f->reader))
        return false;
    if (*table >= f->module->table_count)
        front_fail(f, "unknown table %u", *table);
    else if (!murre_subtype(f->module, f->module->tables[*table].type, MURRE_FUNCREF))
        front_fail(f, "type mismatch: call_indirect needs a table of funcref");
    else if (*type >= f->module->type_count)
        front_fail(f, "unknown type %u", *type);
    if (f->error->status != MURRE_OK)
        return false;
    struct entry e = front_pop(f, MURRE_I32);
    *index = front_operand(f, &e);
    return true;
}

void front_call_indirect(struct murre_front *f) {
    uint32_t type, table;
    struct murre_operand index;
    struct exchange x;
    if (read_indirect(f, &type, &table, &index) && exchange(f, &f->module->types[type], &x) && f->emit)
        f->ops->call_indirect(f->sink, type, table, index, x.args, x.base, x.dst);
}

/* The same of call_ref: the function, a null one of which is to trap where nullable. */
static bool read_ref(struct murre_front *f, uint32_t *type, struct murre_operand *func, bool *nullable) {
    if (!read_call_type(f, type))
        return false;
    struct entry e = front_pop(f, front_code(f, murre_ref_to(murre_type_canon(f->module, *type), true)));
    *func = front_operand(f, &e);
    *nullable = front_may_be_null(f, e.type);
    return f->error->status == MURRE_OK;
}

void front_call_ref(struct murre_front *f) {
    uint32_t type;
    struct murre_operand func;
    struct exchange x;
    bool nullable;
    if (read_ref(f, &type, &func, &nullable) && exchange(f, &f->module->types[type], &x) && f->emit)
        f->ops->call_ref(f->sink, type, func, nullable, x.args, x.base, x.dst);
}

/* The arguments are popped, and the callee's results are the function's own. */
static bool leave_with(struct murre_front *f, const struct murre_type *type, struct exchange *x) {
    struct type_list results = front_results(type), own = f->frames[0].results;
    if (!take_arguments(f, type, x))
        return false;
    if (results.count != own.count || !front_lists_match(f, results.types, own.types, own.count))
        front_fail(f, "type mismatch: the results of a tail call are not those of its function");
    return f->error->status == MURRE_OK;
}

void front_return_call(struct murre_front *f, enum murre_op op) {
    uint32_t callee, table = 0;
    struct murre_operand operand;
    struct exchange x;
    bool nullable = true;
    if (op == MURRE_OP_RETURN_CALL) {
        if (!read_func(f, &callee) || !leave_with(f, murre_module_func_type(f->module, callee), &x))
            return;
    } else if (op == MURRE_OP_RETURN_CALL_INDIRECT) {
        if (!read_indirect(f, &callee, &table, &operand) || !leave_with(f, &f->module->types[callee], &x))
            return;
    } else {
        if (!(f->supported >> MURRE_FEATURE_FUNCTION_REFERENCES & 1)) {
            front_fail_feature(f, MURRE_FEATURE_FUNCTION_REFERENCES);
            return;
        }
        if (!read_ref(f, &callee, &operand, &nullable) || !leave_with(f, &f->module->types[callee], &x))
            return;
    }
    if (f->emit && op == MURRE_OP_RETURN_CALL)
        f->ops->return_call(f->sink, callee, x.args, x.base);
    else if (f->emit && op == MURRE_OP_RETURN_CALL_INDIRECT)
        f->ops->return_call_indirect(f->sink, callee, table, operand, x.args, x.base);
    else if (f->emit)
        f->ops->return_call_ref(f->sink, callee, operand, nullable, x.args, x.base);
    front_set_unreachable(f);
}

static bool read_select_type(struct murre_front *f, uint8_t *type) {
    uint32_t count = murre_read_u32(&f->reader);
    if (!murre_reader_ok(&f->reader))
        return false;
    if (count != 1) {
        front_fail(f, "invalid result arity");
        return false;
    }
    return front_read_valtype(f, &f->reader, type);
}

void front_select(struct murre_front *f, enum murre_op op) {
    uint8_t type = TYPE_ANY;
    if (op == MURRE_OP_SELECT_T && !read_select_type(f, &type))
        return;
    struct entry test = front_pop(f, MURRE_I32);
    struct entry b = front_pop(f, type);
    struct entry a = front_pop(f, type);
    if (type == TYPE_ANY) {
        type = a.type != TYPE_BOTTOM ? a.type : b.type;
        if (front_is_ref(a.type) || front_is_ref(b.type)) {
            front_fail(f, "type mismatch: select without a type takes numbers and vectors");
            return;
        }
        if (a.type != b.type && a.type != TYPE_BOTTOM && b.type != TYPE_BOTTOM) {
            front_fail_type(f, a.type, b.type);
            return;
        }
    }
    if (!f->emit) {
        front_push(f, type);
        return;
    }
    struct murre_cond cond = front_cond(f, &test);
    struct murre_operand a_operand = front_operand(f, &a), b_operand = front_operand(f, &b);
    uint32_t dst = front_push_result(f, type);
    f->ops->select(f->sink, dst, &cond, a_operand, b_operand);
}

void front_reference(struct murre_front *f, enum murre_op op) {
    if (op == MURRE_OP_REF_NULL) {
        murre_valtype type;
        if (!murre_read_heaptype(&f->reader, f->module, f->supported, &type))
            return;
        front_push_const(f, front_code(f, type), 0);
    } else if (op == MURRE_OP_REF_IS_NULL) {
        struct entry value = front_pop(f, TYPE_ANY);
        if (value.type != TYPE_BOTTOM && !front_is_ref(value.type)) {
            front_fail(f, "type mismatch: expected a reference, found %s", murre_type_text(front_word(f, value.type)).text);
            return;
        }
        if (!f->emit) {
            front_push(f, MURRE_I32);
            return;
        }
        struct murre_operand operand = front_operand(f, &value);
        uint32_t dst = front_push_result(f, MURRE_I32);
        f->ops->unary(f->sink, op, dst, operand);
    } else {
        uint32_t func;
        if (!read_func(f, &func))
            return;
        if (!(f->module->declared[func / 64] >> (func % 64) & 1)) {
            front_fail(f, "undeclared function reference");
            return;
        }
        uint32_t dst = front_push_result(f, front_func_code(f, func));
        if (f->emit)
            f->ops->ref_func(f->sink, dst, func);
    }
}

/* Of an instruction on a whole object: types of the operands, deepest first; its result, or 0; the sink's other arguments. */
struct bulk {
    const murre_valtype *types;
    uint32_t count;
    murre_valtype result;
    uint32_t immediate, immediate2;
    const struct murre_access *accesses;
};

static void bulk(struct murre_front *f, enum murre_op op, struct bulk b) {
    struct murre_operand operands[3];
    for (uint32_t i = b.count; i--;) {
        struct entry e = front_pop(f, b.types[i]);
        operands[i] = front_operand(f, &e);
    }
    uint32_t dst = b.result ? front_push_result(f, b.result) : 0;
    if (f->emit && f->error->status == MURRE_OK)
        f->ops->bulk(f->sink, op, dst, operands, b.immediate, b.immediate2, b.accesses);
}

static const murre_valtype three_i32[] = {MURRE_I32, MURRE_I32, MURRE_I32};

static uint32_t read_memory(struct murre_front *f) {
    uint32_t memory = murre_read_u32(&f->reader);
    if (murre_reader_ok(&f->reader) && memory >= f->module->memory_count)
        front_fail(f, "unknown memory %u", memory);
    return memory;
}

static uint32_t read_data(struct murre_front *f) {
    uint32_t data = murre_read_u32(&f->reader);
    if (!murre_reader_ok(&f->reader))
        return 0;
    if (!f->module->has_data_count)
        murre_error_set(f->error, MURRE_ERROR_MALFORMED, f->offset, "data count section required");
    else if (data >= f->module->data_count)
        front_fail(f, "unknown data segment %u", data);
    return data;
}

void front_memory(struct murre_front *f, enum murre_op op) {
    uint32_t immediate = op == MURRE_OP_MEMORY_INIT || op == MURRE_OP_DATA_DROP ? read_data(f) : read_memory(f);
    uint32_t immediate2 = op == MURRE_OP_MEMORY_INIT || op == MURRE_OP_MEMORY_COPY ? read_memory(f) : 0;
    if (f->error->status != MURRE_OK)
        return;
    if (op == MURRE_OP_DATA_DROP) {
        bulk(f, op, (struct bulk){.immediate = immediate});
        return;
    }
    const struct murre_access accesses[2] = {front_access(f, op == MURRE_OP_MEMORY_INIT ? immediate2 : immediate),
                                             front_access(f, immediate2)};
    struct bulk b = {.types = three_i32, .count = 3, .immediate = immediate, .immediate2 = immediate2, .accesses = accesses};
    if (op == MURRE_OP_MEMORY_SIZE || op == MURRE_OP_MEMORY_GROW) {
        b.count = op == MURRE_OP_MEMORY_GROW;
        b.result = MURRE_I32;
    }
    bulk(f, op, b);
}

static uint32_t read_table(struct murre_front *f) {
    uint32_t table = murre_read_u32(&f->reader);
    if (murre_reader_ok(&f->reader) && table >= f->module->table_count)
        front_fail(f, "unknown table %u", table);
    return f->error->status == MURRE_OK ? table : 0;
}

static uint32_t read_elem(struct murre_front *f) {
    uint32_t elem = murre_read_u32(&f->reader);
    if (murre_reader_ok(&f->reader) && elem >= f->module->elem_count)
        front_fail(f, "unknown elem segment %u", elem);
    return elem;
}

static void fail_elements(struct murre_front *f, murre_valtype want, murre_valtype found) {
    front_fail(f, "type mismatch: expected %s, found %s", murre_type_text(want).text, murre_type_text(found).text);
}

void front_table(struct murre_front *f, enum murre_op op) {
    const struct murre_module_info *m = f->module;
    uint32_t first = op == MURRE_OP_TABLE_INIT || op == MURRE_OP_ELEM_DROP ? read_elem(f) : read_table(f);
    uint32_t second = op == MURRE_OP_TABLE_INIT || op == MURRE_OP_TABLE_COPY ? read_table(f) : 0;
    if (f->error->status != MURRE_OK)
        return;
    murre_valtype word = op == MURRE_OP_ELEM_DROP ? 0 : m->tables[op == MURRE_OP_TABLE_INIT ? second : first].type;
    uint8_t ref = front_code(f, word);
    switch (op) {
    case MURRE_OP_TABLE_GET: bulk(f, op, (struct bulk){three_i32, 1, ref, first, 0, NULL}); break;
    case MURRE_OP_TABLE_SET: bulk(f, op, (struct bulk){(murre_valtype[]){MURRE_I32, ref}, 2, 0, first, 0, NULL}); break;
    case MURRE_OP_TABLE_SIZE: bulk(f, op, (struct bulk){NULL, 0, MURRE_I32, first, 0, NULL}); break;
    case MURRE_OP_TABLE_GROW: bulk(f, op, (struct bulk){(murre_valtype[]){ref, MURRE_I32}, 2, MURRE_I32, first, 0, NULL}); break;
    case MURRE_OP_TABLE_FILL: bulk(f, op, (struct bulk){(murre_valtype[]){MURRE_I32, ref, MURRE_I32}, 3, 0, first, 0, NULL}); break;
    case MURRE_OP_ELEM_DROP: bulk(f, op, (struct bulk){NULL, 0, 0, first, 0, NULL}); break;
    case MURRE_OP_TABLE_INIT:
        if (!murre_subtype(m, m->elems[first].type, word))
            fail_elements(f, word, m->elems[first].type);
        else
            bulk(f, op, (struct bulk){three_i32, 3, 0, first, second, NULL});
        break;
    default: /* table.copy */
        if (!murre_subtype(m, m->tables[second].type, word))
            fail_elements(f, word, m->tables[second].type);
        else
            bulk(f, op, (struct bulk){three_i32, 3, 0, first, second, NULL});
        break;
    }
}
