/* Expressions: see generate.h. */
#include "module/generate.h"

#include <math.h>
#include <string.h>

#include "wasm/limits.h"

enum { MOST_LOCALS_A_TYPE = 24 };

static const murre_valtype number_types[] = {MURRE_I32, MURRE_I64, MURRE_F32, MURRE_F64};

murre_valtype fuzz_gen_type(struct fuzz_gen *g) {
    if (g->vectors && fuzz_once_in(&g->random, 4))
        return MURRE_V128;
    if (fuzz_once_in(&g->random, 12))
        return fuzz_once_in(&g->random, 2) ? MURRE_FUNCREF : MURRE_EXTERNREF;
    if (g->module->types.count && fuzz_once_in(&g->random, 24))
        return murre_ref_to(fuzz_any(&g->random, g->module->types.count), true);
    return number_types[fuzz_any(&g->random, 4)];
}

/* ---- constants --------------------------------------------------------------------------------------------------------- */

static uint64_t integer_bits(struct fuzz_random *random) {
    static const int64_t borders[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      5,
                                      7,
                                      8,
                                      10,
                                      15,
                                      16,
                                      31,
                                      32,
                                      33,
                                      63,
                                      64,
                                      65,
                                      100,
                                      127,
                                      128,
                                      -128,
                                      -129,
                                      255,
                                      256,
                                      641,
                                      1000,
                                      4095,
                                      4096,
                                      32767,
                                      32768,
                                      -32768,
                                      65535,
                                      65536,
                                      0x00ff00ff,
                                      0x7f800000,
                                      0x7fc00000,
                                      INT32_MAX,
                                      INT32_MIN,
                                      (int64_t)INT32_MIN - 1,
                                      UINT32_MAX,
                                      (int64_t)1 << 32,
                                      ((int64_t)1 << 32) + 1,
                                      (int64_t)0xffffffff00000000,
                                      INT64_MAX,
                                      INT64_MIN,
                                      INT64_MIN + 1,
                                      0x7ff0000000000000,
                                      0x0123456789abcdef};
    switch (fuzz_any(random, 8)) {
    case 0: return fuzz_random_bits(random);
    case 1: return (uint64_t)1 << fuzz_any(random, 64);
    case 2: return ((uint64_t)1 << fuzz_any(random, 64)) - 1;
    case 3: return fuzz_any(random, 64);
    default: return (uint64_t)borders[fuzz_any(random, sizeof borders / sizeof *borders)];
    }
}

static double number(struct fuzz_random *random) {
    static const double borders[] = {0.0,
                                     -0.0,
                                     1.0,
                                     -1.0,
                                     0.5,
                                     -0.5,
                                     1.5,
                                     2.5,
                                     -2.5,
                                     0.1,
                                     1e10,
                                     -1e10,
                                     4294967295.0,
                                     4294967296.0,
                                     -4294967296.0,
                                     2147483647.0,
                                     2147483648.0,
                                     -2147483648.0,
                                     -2147483649.0,
                                     -2147483648.9,
                                     4503599627370496.5,
                                     9223372036854775808.0,
                                     9223372036854774784.0,
                                     -9223372036854775808.0,
                                     -9223372036854777856.0,
                                     18446744073709551616.0,
                                     16777216.0,
                                     16777217.0,
                                     3.4028234663852886e38,
                                     1.17549435e-38,
                                     1e-45,
                                     1e300,
                                     1.7976931348623157e308,
                                     5e-324,
                                     1e-310,
                                     INFINITY,
                                     -INFINITY};
    switch (fuzz_any(random, 4)) {
    case 0: return (double)(int64_t)integer_bits(random);
    case 1: return (double)(int32_t)integer_bits(random) / 3;
    default: return borders[fuzz_any(random, sizeof borders / sizeof *borders)];
    }
}

uint64_t fuzz_gen_bits(struct fuzz_random *random, murre_valtype type) {
    union murre_slot slot = {.u64 = 0};
    if (type == MURRE_I32 || type == MURRE_I64)
        return integer_bits(random);
    if (type == MURRE_V128)
        return fuzz_once_in(random, 2) ? integer_bits(random) : fuzz_random_bits(random);
    if (type != MURRE_F32 && type != MURRE_F64)
        return 0;
    if (fuzz_once_in(random, 12)) { /* a NaN of some payload, or any bits */
        slot.u64 = fuzz_random_bits(random);
        if (type == MURRE_F32)
            return slot.u32 | (fuzz_once_in(random, 2) ? 0x7f800000 : 0);
        return slot.u64 | (fuzz_once_in(random, 2) ? 0x7ff0000000000000 : 0);
    }
    if (type == MURRE_F64)
        slot.f64 = number(random);
    else
        slot.f32 = (float)number(random);
    return slot.u64;
}

/* A function of the type that a reference names. */
static uint32_t func_of(struct fuzz_gen *g, murre_valtype type) {
    uint32_t found = 0, chosen = UINT32_MAX;
    for (uint32_t i = 0; murre_is_concrete(type) && i < g->module->funcs.count; i++)
        if (g->module->funcs.items[i].type == murre_ref_index(type) && fuzz_once_in(&g->random, ++found))
            chosen = i;
    return chosen;
}

static void constant(struct fuzz_gen *g, murre_valtype type) {
    uint32_t func = func_of(g, type);
    if (func != UINT32_MAX && !fuzz_once_in(&g->random, 4)) {
        fuzz_put_op_u32(g->out, MURRE_OP_REF_FUNC, func);
        return;
    }
    if (type == MURRE_FUNCREF && g->module->funcs.count && !fuzz_once_in(&g->random, 3))
        fuzz_put_op_u32(g->out, MURRE_OP_REF_FUNC, fuzz_any(&g->random, g->module->funcs.count));
    else
        fuzz_put_const(g->out, type, fuzz_gen_bits(&g->random, type));
}

/* ---- locals and globals ------------------------------------------------------------------------------------------------ */

uint32_t fuzz_gen_local(struct fuzz_gen *g, murre_valtype type) {
    struct fuzz_func *func = fuzz_gen_func(g);
    uint32_t count = fuzz_func_type(g->module, g->func)->param_count + func->locals.count, found = 0, chosen = 0;
    for (uint32_t i = 0; i < count; i++)
        if (fuzz_local_type(g->module, func, i) == type && fuzz_once_in(&g->random, ++found))
            chosen = i;
    if (found == 0 || (found < MOST_LOCALS_A_TYPE && fuzz_once_in(&g->random, 3 + 2 * found)))
        return fuzz_local_add(g->module, func, type);
    return chosen;
}

/* UINT32_MAX: none. */
static uint32_t global_of(struct fuzz_gen *g, murre_valtype type, bool to_be_set) {
    uint32_t found = 0, chosen = UINT32_MAX;
    for (uint32_t i = 0; i < g->module->globals.count; i++) {
        const struct murre_global_type *global = &g->module->globals.items[i].type;
        if (global->type == type && (global->is_mutable || !to_be_set) && fuzz_once_in(&g->random, ++found))
            chosen = i;
    }
    return chosen;
}

void fuzz_gen_leaf(struct fuzz_gen *g, murre_valtype type) {
    g->size--;
    uint32_t global = fuzz_once_in(&g->random, 5) ? global_of(g, type, false) : UINT32_MAX;
    if (global != UINT32_MAX)
        fuzz_put_op_u32(g->out, MURRE_OP_GLOBAL_GET, global);
    else if (fuzz_once_in(&g->random, 3))
        constant(g, type);
    else
        fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_GET, fuzz_gen_local(g, type));
}

void fuzz_gen_pop(struct fuzz_gen *g, murre_valtype type) {
    uint32_t global = fuzz_once_in(&g->random, 4) ? global_of(g, type, true) : UINT32_MAX;
    if (global != UINT32_MAX)
        fuzz_put_op_u32(g->out, MURRE_OP_GLOBAL_SET, global);
    else if (fuzz_once_in(&g->random, 6))
        fuzz_put_op(g->out, MURRE_OP_DROP);
    else
        fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_SET, fuzz_gen_local(g, type));
}

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

static void store_vector(struct fuzz_gen *g, unsigned depth);

uint64_t fuzz_gen_offset(struct fuzz_random *random, unsigned natural) {
    static const uint32_t borders[] = {65528,  65532,  65534,  65535,      65536,      131064,     131068,     131071,    131072,
                                       196604, 196607, 196608, 0x7fffffff, 0x80000000, 0xfffffff8, 0xfffffffc, 0xffffffff};
    if (fuzz_once_in(random, 150))
        return borders[fuzz_any(random, sizeof borders / sizeof *borders)];
    if (fuzz_once_in(random, 3))
        return fuzz_any(random, 0x7000);
    return fuzz_once_in(random, 2) ? 0 : (uint64_t)fuzz_any(random, 16) << natural;
}

static void mask(struct fuzz_gen *g, uint32_t bits) {
    fuzz_put_const(g->out, MURRE_I32, bits);
    fuzz_put_op(g->out, MURRE_OP_I32_AND);
    g->size -= 2;
}

/* An address at the end of memory: the last that is good for so many bytes, or the first that is not. */
static uint32_t last_address(struct fuzz_gen *g, unsigned bytes) {
    uint32_t end = (uint32_t)g->module->memories.items[0].min * MURRE_PAGE_SIZE;
    return fuzz_once_in(&g->random, 12) ? end - bytes + 1 + fuzz_any(&g->random, bytes) : end - bytes;
}

/* An address, which mostly is good; returns the offset that belongs to it. */
static uint32_t address(struct fuzz_gen *g, unsigned natural, unsigned depth) {
    uint32_t last = last_address(g, 1u << natural), part;
    switch (fuzz_any(&g->random, 8)) {
    case 0: /* with an upper half that is to be ignored */
        fuzz_gen_value(g, MURRE_I64, depth);
        fuzz_put_const(g->out, MURRE_I64, fuzz_random_bits(&g->random) << 32 | 0x7fff);
        fuzz_put_op(g->out, MURRE_OP_I64_AND);
        fuzz_put_op(g->out, MURRE_OP_I32_WRAP_I64);
        g->size -= 3;
        break;
    case 1: /* the border, shared between address and offset */
        part = fuzz_once_in(&g->random, 2) ? 0 : fuzz_any(&g->random, last);
        fuzz_put_const(g->out, MURRE_I32, part);
        g->size--;
        return last - part;
    case 2: /* a sum, which an addressing mode may take in */
        fuzz_gen_value(g, MURRE_I32, depth);
        mask(g, 0x3fff);
        fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, 0x4000));
        fuzz_put_op(g->out, MURRE_OP_I32_ADD);
        break;
    case 3: /* an index */
        fuzz_gen_value(g, MURRE_I32, depth);
        mask(g, 0x3ff);
        fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, 6));
        fuzz_put_op(g->out, MURRE_OP_I32_SHL);
        break;
    case 4: /* a bit that decides on either side of the border */
        fuzz_gen_value(g, MURRE_I32, depth);
        mask(g, fuzz_once_in(&g->random, 30) ? UINT32_MAX : 1);
        return last - (fuzz_once_in(&g->random, 12) ? 0 : 1);
    default:
        fuzz_gen_value(g, MURRE_I32, depth);
        mask(g, 0x7fff);
        break;
    }
    return (uint32_t)fuzz_gen_offset(&g->random, natural);
}

/* The instruction of an address (and value) on the stack. */
static void access(struct fuzz_gen *g, enum murre_op op, uint32_t offset) {
    fuzz_put_op_u32(g->out, op, fuzz_any(&g->random, murre_op_info[op].n + 1u));
    fuzz_put_u32(g->out, offset);
    g->size--;
}

void fuzz_gen_store(struct fuzz_gen *g, unsigned depth) {
    if (g->vectors && fuzz_once_in(&g->random, 3)) {
        store_vector(g, depth);
        return;
    }
    enum murre_op op = fuzz_gen_op(&g->random, MURRE_CLASS_STORE, 0);
    uint32_t offset = address(g, murre_op_info[op].n, depth);
    fuzz_gen_value(g, murre_op_info[op].operand, depth);
    access(g, op, offset);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

static bool is_vector_op(unsigned op) {
    return murre_op_info[op].prefix == 0xfd;
}

static enum murre_op some_op(struct fuzz_random *random, enum murre_op_class class, murre_valtype result, bool vector) {
    uint32_t found = 0;
    enum murre_op chosen = MURRE_OP_COUNT;
    for (unsigned op = 0; op < MURRE_OP_COUNT; op++)
        if (murre_op_info[op].class == class && murre_op_info[op].result == result && is_vector_op(op) == vector &&
            fuzz_once_in(random, ++found))
            chosen = (enum murre_op)op;
    return chosen;
}

enum murre_op fuzz_gen_op(struct fuzz_random *random, enum murre_op_class class, murre_valtype result) {
    return some_op(random, class, result, false);
}

static bool divides(enum murre_op op) {
    return (op >= MURRE_OP_I32_DIV_S && op <= MURRE_OP_I32_REM_U) || (op >= MURRE_OP_I64_DIV_S && op <= MURRE_OP_I64_REM_U);
}

static bool truncates(enum murre_op op) {
    return (op >= MURRE_OP_I32_TRUNC_F32_S && op <= MURRE_OP_I32_TRUNC_F64_U) ||
           (op >= MURRE_OP_I64_TRUNC_F32_S && op <= MURRE_OP_I64_TRUNC_F64_U);
}

static void unary(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    enum murre_op op = fuzz_gen_op(&g->random, MURRE_CLASS_UNARY, type);
    murre_valtype operand = murre_op_info[op].operand;
    if (truncates(op) && !fuzz_once_in(&g->random, 20)) { /* something that mostly can be converted */
        murre_valtype narrow = MURRE_I32;
        fuzz_gen_value(g, narrow, depth);
        if (fuzz_once_in(&g->random, 2))
            mask(g, 0x7fffffff);
        fuzz_put_op(g->out, operand == MURRE_F32 ? MURRE_OP_F32_CONVERT_I32_U : MURRE_OP_F64_CONVERT_I32_U);
        fuzz_put_const(g->out, operand, operand == MURRE_F32 ? 0x3f400000 : 0x3fe8000000000000); /* 0.75 */
        fuzz_put_op(g->out, operand == MURRE_F32 ? MURRE_OP_F32_MUL : MURRE_OP_F64_MUL);
        g->size -= 3;
    } else {
        fuzz_gen_value(g, operand, depth);
    }
    fuzz_put_op(g->out, op);
}

static void binary(struct fuzz_gen *g, enum murre_op op, unsigned depth) {
    murre_valtype operand = murre_op_info[op].operand;
    fuzz_gen_value(g, operand, depth);
    if (fuzz_once_in(&g->random, 3))
        constant(g, operand);
    else
        fuzz_gen_value(g, operand, depth);
    if (divides(op) && !fuzz_once_in(&g->random, 30)) {
        fuzz_put_const(g->out, operand, 1);
        fuzz_put_op(g->out, operand == MURRE_I32 ? MURRE_OP_I32_OR : MURRE_OP_I64_OR);
    }
    fuzz_put_op(g->out, op);
}

static void choose(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    fuzz_gen_value(g, type, depth);
    fuzz_gen_value(g, type, depth);
    fuzz_gen_value(g, MURRE_I32, depth);
    if (murre_is_ref(type) || fuzz_once_in(&g->random, 4)) {
        fuzz_put_op_u32(g->out, MURRE_OP_SELECT_T, 1);
        fuzz_put_type(g->out, type);
    } else {
        fuzz_put_op(g->out, MURRE_OP_SELECT);
    }
}

/* Many values at once on the stack, folded. */
static void pressure(struct fuzz_gen *g, murre_valtype type) {
    uint32_t count = 3 + fuzz_any(&g->random, fuzz_once_in(&g->random, 4) ? 40 : 14);
    for (uint32_t i = 0; i < count; i++)
        fuzz_gen_value(g, type, fuzz_any(&g->random, 2));
    while (--count) {
        enum murre_op op;
        do
            op = fuzz_gen_op(&g->random, MURRE_CLASS_BINARY, type);
        while (divides(op));
        fuzz_put_op(g->out, op);
        g->size--;
    }
}

/* i32 only. False: nothing was put. */
static bool question(struct fuzz_gen *g, unsigned depth) {
    const struct fuzz_module *module = g->module;
    switch (fuzz_any(&g->random, 5)) {
    case 0:
        fuzz_gen_value(g, fuzz_once_in(&g->random, 2) ? MURRE_FUNCREF : MURRE_EXTERNREF, depth);
        fuzz_put_op(g->out, MURRE_OP_REF_IS_NULL);
        return true;
    case 1:
        if (module->tables.count)
            fuzz_put_op_u32(g->out, MURRE_OP_TABLE_SIZE, fuzz_any(&g->random, module->tables.count));
        return module->tables.count;
    case 2:
        if (!module->memories.count)
            return false;
        if (fuzz_once_in(&g->random, 3)) {
            fuzz_put_const(g->out, MURRE_I32, fuzz_once_in(&g->random, 4) ? fuzz_gen_bits(&g->random, MURRE_I32) : fuzz_any(&g->random, 2));
            fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_GROW, 0);
        } else {
            fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_SIZE, 0);
        }
        return true;
    case 3: {
        if (!module->tables.count)
            return false;
        uint32_t table = fuzz_any(&g->random, module->tables.count);
        fuzz_gen_value(g, module->tables.items[table].type, depth);
        fuzz_put_const(g->out, MURRE_I32, fuzz_once_in(&g->random, 4) ? fuzz_gen_bits(&g->random, MURRE_I32) : fuzz_any(&g->random, 3));
        fuzz_put_op_u32(g->out, MURRE_OP_TABLE_GROW, table);
        return true;
    }
    default: return false;
    }
}

/* ---- vectors ----------------------------------------------------------------------------------------------------------- */

static void put_lane(struct fuzz_gen *g, enum murre_op op) {
    fuzz_put(g->out, (uint8_t)fuzz_any(&g->random, murre_op_lanes(op)));
}

/* What is regular: an operation on vectors and numbers. */
static void operate(struct fuzz_gen *g, enum murre_op op, unsigned depth) {
    const struct murre_op_info *info = &murre_op_info[op];
    unsigned count = info->class == MURRE_CLASS_TERNARY                                       ? 3
                     : info->class == MURRE_CLASS_UNARY || info->class == MURRE_CLASS_EXTRACT ? 1
                                                                                              : 2;
    for (unsigned i = 0; i < count; i++) {
        murre_valtype type = info->class == MURRE_CLASS_REPLACE && i == 0 ? MURRE_V128 : info->operand;
        if (info->class == MURRE_CLASS_SHIFT && i == 1)
            type = MURRE_I32;
        if (fuzz_once_in(&g->random, 5))
            constant(g, type);
        else
            fuzz_gen_value(g, type, depth);
    }
    fuzz_put_op(g->out, op);
    if (info->class == MURRE_CLASS_SHUFFLE) {
        uint32_t first = fuzz_any(&g->random, 32), kind = fuzz_any(&g->random, 4);
        for (uint32_t i = 0; i < 16; i++)
            fuzz_put(g->out, (uint8_t)(kind == 0   ? (first + i) % 32
                                       : kind == 1 ? (first + i / 4 * 8 + i % 4) % 32
                                       : kind == 2 ? i / 2 + i % 2 * 16
                                                   : fuzz_any(&g->random, 32)));
    } else if (info->class == MURRE_CLASS_EXTRACT || info->class == MURRE_CLASS_REPLACE) {
        put_lane(g, op);
    }
}

/* Also of numbers: the lanes and tests of vectors. False: nothing was put. */
static bool of_vector(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    enum murre_op op = some_op(&g->random, fuzz_once_in(&g->random, 2) ? MURRE_CLASS_EXTRACT : MURRE_CLASS_UNARY, type, true);
    if (op == MURRE_OP_COUNT)
        return false;
    operate(g, op, depth);
    return true;
}

static void load_vector(struct fuzz_gen *g, unsigned depth) {
    bool lane = fuzz_once_in(&g->random, 4);
    enum murre_op op = some_op(&g->random, lane ? MURRE_CLASS_LOAD_LANE : MURRE_CLASS_LOAD, MURRE_V128, true);
    uint32_t offset = address(g, murre_op_info[op].n, depth);
    if (lane)
        fuzz_gen_value(g, MURRE_V128, depth);
    access(g, op, offset);
    if (lane)
        put_lane(g, op);
}

static void store_vector(struct fuzz_gen *g, unsigned depth) {
    enum murre_op op = fuzz_once_in(&g->random, 3) ? some_op(&g->random, MURRE_CLASS_STORE_LANE, 0, true) : MURRE_OP_V128_STORE;
    uint32_t offset = address(g, murre_op_info[op].n, depth);
    fuzz_gen_value(g, MURRE_V128, depth);
    access(g, op, offset);
    if (op != MURRE_OP_V128_STORE)
        put_lane(g, op);
}

static void vector_value(struct fuzz_gen *g, unsigned depth) {
    static const enum murre_op_class classes[] = {MURRE_CLASS_UNARY,   MURRE_CLASS_UNARY,  MURRE_CLASS_BINARY, MURRE_CLASS_BINARY,
                                                  MURRE_CLASS_BINARY,  MURRE_CLASS_BINARY, MURRE_CLASS_SHIFT,  MURRE_CLASS_REPLACE,
                                                  MURRE_CLASS_SHUFFLE, MURRE_CLASS_TERNARY};
    enum { CLASSES = sizeof classes / sizeof *classes };
    uint32_t kind = fuzz_any(&g->random, CLASSES + 8);
    switch (kind) {
    case CLASSES:
    case CLASSES + 1:
        if (!g->module->memories.count)
            break;
        load_vector(g, depth);
        return;
    case CLASSES + 2: choose(g, MURRE_V128, depth); return;
    case CLASSES + 3:
        fuzz_gen_value(g, MURRE_V128, depth);
        fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_TEE, fuzz_gen_local(g, MURRE_V128));
        return;
    case CLASSES + 4: fuzz_gen_block_value(g, MURRE_V128, depth); return;
    case CLASSES + 5:
        if (fuzz_gen_call_value(g, MURRE_V128, depth))
            return;
        break;
    case CLASSES + 6: { /* many at once */
        uint32_t count = 3 + fuzz_any(&g->random, 24);
        for (uint32_t i = 0; i < count; i++)
            fuzz_gen_value(g, MURRE_V128, fuzz_any(&g->random, 2));
        while (--count) {
            fuzz_put_op(g->out, some_op(&g->random, MURRE_CLASS_BINARY, MURRE_V128, true));
            g->size--;
        }
        return;
    }
    case CLASSES + 7: break;
    default: operate(g, some_op(&g->random, classes[kind], MURRE_V128, true), depth); return;
    }
    fuzz_gen_leaf(g, MURRE_V128);
}

static void number_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    enum murre_op op;
    if (g->vectors && fuzz_once_in(&g->random, 5) && of_vector(g, type, depth))
        return;
    switch (fuzz_any(&g->random, 20)) {
    case 0:
    case 1:
    case 2: unary(g, type, depth); return;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: binary(g, fuzz_gen_op(&g->random, MURRE_CLASS_BINARY, type), depth); return;
    case 8:
    case 9:
        op = fuzz_gen_op(&g->random, MURRE_CLASS_COMPARE, type);
        if (op == MURRE_OP_COUNT)
            break;
        binary(g, op, depth);
        return;
    case 10:
    case 11:
    case 12:
        if (!g->module->memories.count)
            break;
        op = fuzz_gen_op(&g->random, MURRE_CLASS_LOAD, type);
        access(g, op, address(g, murre_op_info[op].n, depth));
        return;
    case 13: choose(g, type, depth); return;
    case 14:
        fuzz_gen_value(g, type, depth);
        fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_TEE, fuzz_gen_local(g, type));
        return;
    case 15:
    case 16: fuzz_gen_block_value(g, type, depth); return;
    case 17:
        if (!fuzz_once_in(&g->random, 3))
            break;
        pressure(g, type);
        return;
    case 18:
        if (fuzz_gen_call_value(g, type, depth))
            return;
        break;
    default:
        if (type == MURRE_I32 && question(g, depth))
            return;
        break;
    }
    fuzz_gen_leaf(g, type);
}

static void reference_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    switch (fuzz_any(&g->random, 6)) {
    case 0: choose(g, type, depth); return;
    case 1:
        for (uint32_t i = 0; i < g->module->tables.count; i++)
            if (g->module->tables.items[i].type == type) {
                fuzz_gen_value(g, MURRE_I32, depth);
                mask(g, 7);
                fuzz_put_op_u32(g->out, MURRE_OP_TABLE_GET, i);
                return;
            }
        break;
    case 2: fuzz_gen_block_value(g, type, depth); return;
    case 3:
        if (fuzz_gen_call_value(g, type, depth))
            return;
        break;
    default: break;
    }
    fuzz_gen_leaf(g, type);
}

void fuzz_gen_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    if (depth == 0 || g->size <= 0 || fuzz_once_in(&g->random, 6)) {
        fuzz_gen_leaf(g, type);
        return;
    }
    g->size--;
    if (murre_is_ref(type))
        reference_value(g, type, depth - 1);
    else if (type == MURRE_V128)
        vector_value(g, depth - 1);
    else
        number_value(g, type, depth - 1);
}

void fuzz_gen_values(struct fuzz_gen *g, const murre_valtype *types, uint32_t count, unsigned depth) {
    for (uint32_t i = 0; i < count; i++)
        fuzz_gen_value(g, types[i], depth);
}
