/* See prepare.h. */
#include "diff/prepare.h"

#include <stdlib.h>

enum { MEMORY_PAGES = 3, MOST_MEMORY_PAGES = 6, TABLE_ELEMENTS = 256, MOST_TABLE_ELEMENTS = 300 };
enum { FUEL = 20000, FUEL_OF_DEEP_RUNS = 2000000, BULK_COST = 64 };
static const uint32_t nan32 = 0x7fc00000;
static const uint64_t nan64 = 0x7ff8000000000000;

struct preparation {
    struct fuzz_module *module;
    struct fuzz_plan plan;
    struct fuzz_func *func;
    struct fuzz_bytes out;
    uint32_t scratch[3]; /* locals for f32, f64 and v128, or UINT32_MAX */
};

static void burn(struct preparation *p, int32_t cost) {
    fuzz_put_op_u32(&p->out, MURRE_OP_GLOBAL_GET, p->plan.fuel_global);
    fuzz_put_const(&p->out, MURRE_I32, (uint32_t)cost);
    fuzz_put_op(&p->out, MURRE_OP_I32_LT_S);
    fuzz_put_op(&p->out, MURRE_OP_IF);
    fuzz_put(&p->out, 0x40);
    fuzz_put_op(&p->out, MURRE_OP_UNREACHABLE);
    fuzz_put_op(&p->out, MURRE_OP_END);
    fuzz_put_op_u32(&p->out, MURRE_OP_GLOBAL_GET, p->plan.fuel_global);
    fuzz_put_const(&p->out, MURRE_I32, (uint32_t)cost);
    fuzz_put_op(&p->out, MURRE_OP_I32_SUB);
    fuzz_put_op_u32(&p->out, MURRE_OP_GLOBAL_SET, p->plan.fuel_global);
}

/* The float on top, any NaN made the canonical one. */
static void canonicalise(struct preparation *p, murre_valtype type) {
    uint32_t *scratch = &p->scratch[type == MURRE_F64];
    if (*scratch == UINT32_MAX)
        *scratch = fuzz_local_add(p->module, p->func, type);
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_TEE, *scratch);
    fuzz_put_const(&p->out, type, type == MURRE_F32 ? nan32 : nan64);
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_GET, *scratch);
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_GET, *scratch);
    fuzz_put_op(&p->out, type == MURRE_F32 ? MURRE_OP_F32_EQ : MURRE_OP_F64_EQ);
    fuzz_put_op(&p->out, MURRE_OP_SELECT);
}

/* What gives vectors of floats whose NaNs have bits that the specification leaves open; *wide: of f64. */
static bool opens_lanes(enum murre_op op, bool *wide) {
    switch (op) {
#define LANES(name)                                         \
    case MURRE_OP_F32X4_##name: *wide = false; return true; \
    case MURRE_OP_F64X2_##name: *wide = true; return true;
        LANES(ADD)
        LANES(SUB)
        LANES(MUL)
        LANES(DIV)
        LANES(SQRT)
        LANES(MIN)
        LANES(MAX)
        LANES(CEIL)
        LANES(FLOOR)
        LANES(TRUNC)
        LANES(NEAREST)
        LANES(RELAXED_MIN)
        LANES(RELAXED_MAX)
        LANES(RELAXED_MADD)
        LANES(RELAXED_NMADD)
#undef LANES
    case MURRE_OP_F32X4_DEMOTE_F64X2_ZERO: *wide = false; return true;
    case MURRE_OP_F64X2_PROMOTE_LOW_F32X4: *wide = true; return true;
    default: return false;
    }
}

/* The vector on top, any NaN among its lanes made the canonical one. */
static void canonicalise_lanes(struct preparation *p, bool wide) {
    if (p->scratch[2] == UINT32_MAX)
        p->scratch[2] = fuzz_local_add(p->module, p->func, MURRE_V128);
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_TEE, p->scratch[2]);
    fuzz_put_op(&p->out, MURRE_OP_V128_CONST);
    for (unsigned i = 0; i < 16; i++)
        fuzz_put(&p->out, (uint8_t)(wide ? nan64 >> (8 * (i % 8)) : nan32 >> (8 * (i % 4))));
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_GET, p->scratch[2]);
    fuzz_put_op_u32(&p->out, MURRE_OP_LOCAL_GET, p->scratch[2]);
    fuzz_put_op(&p->out, wide ? MURRE_OP_F64X2_EQ : MURRE_OP_F32X4_EQ);
    fuzz_put_op(&p->out, MURRE_OP_V128_BITSELECT);
}

static bool is_float(murre_valtype type) {
    return type == MURRE_F32 || type == MURRE_F64;
}

/* The type of a result whose bits the specification leaves open when it is a NaN (4.3.3, "NaN propagation"), or 0. */
static murre_valtype opens(enum murre_op op) {
    const struct murre_op_info *info = &murre_op_info[op];
    if ((info->class != MURRE_CLASS_UNARY && info->class != MURRE_CLASS_BINARY) || !is_float(info->result) || !is_float(info->operand))
        return 0;
    switch (op) {
    case MURRE_OP_F32_ABS:
    case MURRE_OP_F32_NEG:
    case MURRE_OP_F32_COPYSIGN:
    case MURRE_OP_F64_ABS:
    case MURRE_OP_F64_NEG:
    case MURRE_OP_F64_COPYSIGN: return 0;
    default: return info->result;
    }
}

/* The type of an operand, the one on top, whose bits the instruction lets be seen, or 0. */
static murre_valtype shows(const struct preparation *p, const struct murre_instruction *instruction) {
    switch (instruction->op) {
    case MURRE_OP_F32_STORE:
    case MURRE_OP_F32X4_SPLAT:
    case MURRE_OP_F32X4_REPLACE_LANE:
    case MURRE_OP_I32_REINTERPRET_F32:
    case MURRE_OP_F32_COPYSIGN: return MURRE_F32;
    case MURRE_OP_F64_STORE:
    case MURRE_OP_F64X2_SPLAT:
    case MURRE_OP_F64X2_REPLACE_LANE:
    case MURRE_OP_I64_REINTERPRET_F64:
    case MURRE_OP_F64_COPYSIGN: return MURRE_F64;
    case MURRE_OP_GLOBAL_SET: {
        murre_valtype type = p->module->globals.items[instruction->index[0]].type.type;
        return is_float(type) ? type : 0;
    }
    default: return 0;
    }
}

static bool is_bulk(enum murre_op op) {
    switch (op) {
    case MURRE_OP_MEMORY_GROW:
    case MURRE_OP_MEMORY_INIT:
    case MURRE_OP_MEMORY_COPY:
    case MURRE_OP_MEMORY_FILL:
    case MURRE_OP_TABLE_INIT:
    case MURRE_OP_TABLE_COPY:
    case MURRE_OP_TABLE_GROW:
    case MURRE_OP_TABLE_FILL: return true;
    default: return false;
    }
}

static void prepare_body(struct preparation *p) {
    struct fuzz_bytes code = p->func->code;
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {code.data, code.data, code.data + code.size, &error};
    uint32_t size = (uint32_t)code.size, slots = p->func->locals.count + p->module->types.items[p->func->type].param_count;
    p->out = fuzz_bytes_new(p->module);
    p->scratch[0] = p->scratch[1] = p->scratch[2] = UINT32_MAX;
    bool wide;
    burn(p, (int32_t)(4 + (slots + size) / 8));
    struct murre_instruction instruction;
    while (murre_walk_next(&r, &instruction)) {
        murre_valtype type = p->plan.exact ? 0 : shows(p, &instruction);
        if (type)
            canonicalise(p, type);
        if (is_bulk(instruction.op))
            burn(p, BULK_COST);
        fuzz_put_raw(&p->out, code.data + instruction.offset, (size_t)(murre_reader_offset(&r) - instruction.offset));
        if (instruction.op == MURRE_OP_LOOP)
            burn(p, (int32_t)(1 + size / 256));
        type = p->plan.exact ? opens(instruction.op) : 0;
        if (type)
            canonicalise(p, type);
        else if (opens_lanes(instruction.op, &wide))
            canonicalise_lanes(p, wide);
    }
    if (error.status != MURRE_OK)
        abort();
    p->func->code = p->out;
}

static void limit(struct murre_limits *limits, uint64_t start, uint64_t most) {
    if (limits->min > start)
        limits->min = start;
    if (!limits->has_max || limits->max > most)
        limits->max = most;
    limits->has_max = true;
    if (limits->max < limits->min)
        limits->max = limits->min;
}

struct fuzz_plan fuzz_prepare(struct fuzz_module *module, uint64_t choice) {
    struct preparation p = {.module = module};
    p.plan.exact = choice & 1;
    p.plan.links = choice >> 6;
    /* Once in a while enough to run off the stack. */
    p.plan.fuel = (choice >> 1) % 32 == 0 ? FUEL_OF_DEEP_RUNS : FUEL;
    p.plan.fuel_global = module->globals.count;
    struct fuzz_bytes init = fuzz_bytes_new(module);
    fuzz_put_const(&init, MURRE_I32, (uint32_t)p.plan.fuel);
    fuzz_put_op(&init, MURRE_OP_END);
    *FUZZ_ADD(&module->arena, &module->globals) = (struct fuzz_global){{MURRE_I32, true}, {init.data, init.size}};
    for (uint32_t i = module->func_imports; i < module->funcs.count; i++) {
        p.func = &module->funcs.items[i];
        prepare_body(&p);
    }
    for (uint32_t i = 0; i < module->memories.count; i++)
        limit(&module->memories.items[i], MEMORY_PAGES, MOST_MEMORY_PAGES);
    for (uint32_t i = 0; i < module->tables.count; i++)
        limit(&module->tables.items[i].limits, TABLE_ELEMENTS, MOST_TABLE_ELEMENTS);
    return p.plan;
}
