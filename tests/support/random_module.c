/* See random_module.h. */
#include "support/random_module.h"

#include "wasm/opcode.h"

enum { FUNCTIONS = 5, LOCALS_A_TYPE = 4, TYPES = 4, COUNTERS = 3, GLOBALS = 4, MAX_DEPTH = 4 };

static const uint8_t types[TYPES] = {MURRE_I32, MURRE_I64, MURRE_F32, MURRE_F64};

struct generator {
    struct builder b;
    uint64_t state;
    unsigned func;
    unsigned loops;  /* nesting */
    unsigned calls;  /* left in this function */
    unsigned size;   /* statements left */
    unsigned labels; /* open blocks without results that may be branched to */
};

static uint32_t any(struct generator *g, uint32_t below) {
    g->state ^= g->state << 13;
    g->state ^= g->state >> 7;
    g->state ^= g->state << 17;
    return (uint32_t)(g->state >> 32) % below;
}

static unsigned index_of(uint8_t type) {
    return type == MURRE_I32 ? 0 : type == MURRE_I64 ? 1 : type == MURRE_F32 ? 2 : 3;
}

/* Parameters are locals 0 to 3, one a type; then the rest by type; then loop counters. */
static uint32_t local_of(struct generator *g, uint8_t type) {
    uint32_t which = any(g, LOCALS_A_TYPE), at = index_of(type);
    return which == 0 ? at : TYPES + at * (LOCALS_A_TYPE - 1) + which - 1;
}

static uint32_t counter_of(struct generator *g) {
    return TYPES * LOCALS_A_TYPE + g->loops;
}

static void put_op(struct generator *g, enum murre_op op) {
    const struct murre_op_info *info = &murre_op_info[op];
    if (info->prefix != 0) {
        build(&g->b, info->prefix);
        build_u32(&g->b, info->code);
    } else {
        build(&g->b, (uint8_t)info->code);
    }
}

static void expression(struct generator *g, uint8_t type, unsigned depth);
static void statements(struct generator *g, unsigned depth);

static void constant(struct generator *g, uint8_t type) {
    static const int64_t interesting[] = {0, 1, -1, 2, 3, 7, 8, 10, 31, 32, 63, 64, 100, 127, 128, 255, 256, 641, 1000, 32767, 32768, 65535, 65536,
                                          INT32_MAX, INT32_MIN, UINT32_MAX, (int64_t)1 << 32, INT64_MAX, INT64_MIN, 0x0123456789abcdef};
    static const double floats[] = {0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 1e10, -1e10, 4294967296.0, 2147483648.0, -2147483649.0,
                                    9223372036854775808.0, 1e300, 1e-310, __builtin_inf(), -__builtin_inf(), __builtin_nan("")};
    int64_t integer = interesting[any(g, sizeof interesting / sizeof *interesting)];
    if (any(g, 4) == 0)
        integer = (int64_t)((uint64_t)any(g, UINT32_MAX) << 32 | any(g, UINT32_MAX));
    double number = any(g, 4) == 0 ? (double)integer / 3 : floats[any(g, sizeof floats / sizeof *floats)];
    float narrow = (float)number;
    switch (type) {
    case MURRE_I32:
        put_op(g, MURRE_OP_I32_CONST);
        build_s64(&g->b, (int32_t)integer);
        break;
    case MURRE_I64:
        put_op(g, MURRE_OP_I64_CONST);
        build_s64(&g->b, integer);
        break;
    case MURRE_F32:
        put_op(g, MURRE_OP_F32_CONST);
        build_raw(&g->b, &narrow, sizeof narrow);
        break;
    default:
        put_op(g, MURRE_OP_F64_CONST);
        build_raw(&g->b, &number, sizeof number);
        break;
    }
}

/* The value on top, a float, with any NaN made the canonical one. A local of its type is overwritten. */
static void canonical(struct generator *g, uint8_t type) {
    static const uint32_t nan32 = 0x7fc00000;
    static const uint64_t nan64 = 0x7ff8000000000000;
    if (type != MURRE_F32 && type != MURRE_F64)
        return;
    uint32_t local = local_of(g, type);
    put_op(g, MURRE_OP_LOCAL_SET);
    build_u32(&g->b, local);
    put_op(g, MURRE_OP_LOCAL_GET);
    build_u32(&g->b, local);
    put_op(g, type == MURRE_F32 ? MURRE_OP_F32_CONST : MURRE_OP_F64_CONST);
    build_raw(&g->b, type == MURRE_F32 ? (const void *)&nan32 : (const void *)&nan64, type == MURRE_F32 ? 4 : 8);
    for (unsigned i = 0; i < 2; i++) {
        put_op(g, MURRE_OP_LOCAL_GET);
        build_u32(&g->b, local);
    }
    put_op(g, type == MURRE_F32 ? MURRE_OP_F32_EQ : MURRE_OP_F64_EQ);
    put_op(g, MURRE_OP_SELECT);
}

static enum murre_op pick(struct generator *g, enum murre_op_class class, uint8_t result) {
    for (;;) {
        enum murre_op op = (enum murre_op)any(g, MURRE_OP_COUNT);
        if (murre_op_info[op].class == (uint8_t)class && (class == MURRE_CLASS_STORE || murre_op_info[op].result == result))
            return op;
    }
}

static bool divides(enum murre_op op) {
    return (op >= MURRE_OP_I32_DIV_S && op <= MURRE_OP_I32_REM_U) || (op >= MURRE_OP_I64_DIV_S && op <= MURRE_OP_I64_REM_U);
}

static bool truncates(enum murre_op op) {
    return (op >= MURRE_OP_I32_TRUNC_F32_S && op <= MURRE_OP_I32_TRUNC_F64_U) ||
           (op >= MURRE_OP_I64_TRUNC_F32_S && op <= MURRE_OP_I64_TRUNC_F64_U);
}

static void address(struct generator *g, unsigned depth) {
    expression(g, MURRE_I32, depth);
    if (any(g, 64) != 0) {
        put_op(g, MURRE_OP_I32_CONST);
        build_s64(&g->b, 0x7fff);
        put_op(g, MURRE_OP_I32_AND);
    }
}

static void memarg(struct generator *g) {
    build_u32(&g->b, 0);
    build_u32(&g->b, any(g, 100) == 0 ? any(g, UINT32_MAX) : any(g, 0x7000));
}

static void binary(struct generator *g, enum murre_op op, uint8_t operand, unsigned depth) {
    expression(g, operand, depth);
    if (any(g, 3) == 0)
        constant(g, operand);
    else
        expression(g, operand, depth);
    if (divides(op) && any(g, 16) != 0) {
        put_op(g, operand == MURRE_I32 ? MURRE_OP_I32_CONST : MURRE_OP_I64_CONST);
        build_s64(&g->b, 1);
        put_op(g, operand == MURRE_I32 ? MURRE_OP_I32_OR : MURRE_OP_I64_OR);
    }
    put_op(g, op);
}

static void call(struct generator *g, unsigned depth) {
    for (unsigned i = 0; i < TYPES; i++)
        expression(g, types[i], depth);
    uint32_t callee = any(g, g->func);
    if (any(g, 2) == 0) {
        put_op(g, MURRE_OP_CALL);
        build_u32(&g->b, callee);
    } else {
        put_op(g, MURRE_OP_I32_CONST);
        build_s64(&g->b, any(g, 40) == 0 ? FUNCTIONS + any(g, 3) : callee);
        put_op(g, MURRE_OP_CALL_INDIRECT);
        build(&g->b, 0x00, 0x00);
    }
}

static void leaf(struct generator *g, uint8_t type) {
    switch (any(g, 4)) {
    case 0:
        constant(g, type);
        break;
    case 1:
        put_op(g, MURRE_OP_GLOBAL_GET);
        build_u32(&g->b, index_of(type));
        break;
    default:
        put_op(g, MURRE_OP_LOCAL_GET);
        build_u32(&g->b, local_of(g, type));
        break;
    }
}

static void expression(struct generator *g, uint8_t type, unsigned depth) {
    if (depth == 0 || any(g, 5) == 0) {
        leaf(g, type);
        return;
    }
    depth--;
    enum murre_op op;
    switch (any(g, 16)) {
    case 0: case 1: case 2:
        op = pick(g, MURRE_CLASS_UNARY, type);
        expression(g, murre_op_info[op].operand, depth);
        if (murre_op_info[op].operand == MURRE_F32 || murre_op_info[op].operand == MURRE_F64)
            canonical(g, murre_op_info[op].operand);
        if (truncates(op) && any(g, 16) != 0) { /* something that can be converted */
            put_op(g, MURRE_OP_DROP);
            put_op(g, murre_op_info[op].operand == MURRE_F32 ? MURRE_OP_F32_CONST : MURRE_OP_F64_CONST);
            float narrow = 12345.5f;
            double wide = 54321.25;
            build_raw(&g->b, murre_op_info[op].operand == MURRE_F32 ? (void *)&narrow : (void *)&wide, murre_op_info[op].operand == MURRE_F32 ? 4 : 8);
        }
        put_op(g, op);
        break;
    case 3: case 4: case 5: case 6: case 7:
        op = pick(g, MURRE_CLASS_BINARY, type);
        binary(g, op, murre_op_info[op].operand, depth);
        break;
    case 8: case 9:
        if (type != MURRE_I32) {
            leaf(g, type);
            return;
        }
        op = pick(g, MURRE_CLASS_COMPARE, type);
        binary(g, op, murre_op_info[op].operand, depth);
        break;
    case 10: case 11:
        op = pick(g, MURRE_CLASS_LOAD, type);
        address(g, depth);
        put_op(g, op);
        memarg(g);
        break;
    case 12:
        expression(g, type, depth);
        expression(g, type, depth);
        expression(g, MURRE_I32, depth);
        put_op(g, MURRE_OP_SELECT);
        break;
    case 13:
        expression(g, type, depth);
        put_op(g, MURRE_OP_LOCAL_TEE);
        build_u32(&g->b, local_of(g, type));
        break;
    case 14:
        expression(g, MURRE_I32, depth);
        put_op(g, MURRE_OP_IF);
        build(&g->b, type);
        expression(g, type, depth);
        put_op(g, MURRE_OP_ELSE);
        expression(g, type, depth);
        put_op(g, MURRE_OP_END);
        break;
    default:
        if (type == MURRE_I64 && g->func > 0 && g->calls > 0 && g->loops < 2) {
            g->calls--;
            call(g, depth > 1 ? 1 : depth);
        } else {
            leaf(g, type);
        }
        break;
    }
    canonical(g, type);
}

static void store(struct generator *g, unsigned depth) {
    enum murre_op op = pick(g, MURRE_CLASS_STORE, 0);
    address(g, depth);
    expression(g, murre_op_info[op].operand, depth);
    canonical(g, murre_op_info[op].operand);
    put_op(g, op);
    memarg(g);
}

static void loop(struct generator *g, unsigned depth) {
    uint32_t counter = counter_of(g);
    put_op(g, MURRE_OP_I32_CONST);
    build_s64(&g->b, 1 + any(g, 6));
    put_op(g, MURRE_OP_LOCAL_SET);
    build_u32(&g->b, counter);
    put_op(g, MURRE_OP_LOOP);
    build(&g->b, 0x40);
    g->loops++;
    unsigned labels = g->labels;
    g->labels = 0; /* a branch to the header would not count */
    statements(g, depth);
    g->labels = labels;
    g->loops--;
    put_op(g, MURRE_OP_LOCAL_GET);
    build_u32(&g->b, counter);
    put_op(g, MURRE_OP_I32_CONST);
    build_s64(&g->b, 1);
    put_op(g, MURRE_OP_I32_SUB);
    put_op(g, MURRE_OP_LOCAL_TEE);
    build_u32(&g->b, counter);
    put_op(g, MURRE_OP_BR_IF);
    build(&g->b, 0x00);
    put_op(g, MURRE_OP_END);
}

static void branch_table(struct generator *g) {
    expression(g, MURRE_I32, 2);
    put_op(g, MURRE_OP_BR_TABLE);
    uint32_t count = any(g, 6);
    build_u32(&g->b, count);
    for (uint32_t i = 0; i <= count; i++)
        build_u32(&g->b, any(g, g->labels));
}

static void block(struct generator *g, unsigned depth) {
    put_op(g, MURRE_OP_BLOCK);
    build(&g->b, 0x40);
    g->labels++;
    statements(g, depth);
    if (any(g, 3) == 0)
        branch_table(g);
    g->labels--;
    put_op(g, MURRE_OP_END);
}

static void bulk(struct generator *g) {
    uint32_t count = any(g, 4) == 0 ? any(g, 300) : any(g, 66);
    address(g, 2);
    if (any(g, 2) == 0) {
        address(g, 2);
        put_op(g, MURRE_OP_I32_CONST);
        build_s64(&g->b, count);
        put_op(g, MURRE_OP_MEMORY_COPY);
        build(&g->b, 0x00, 0x00);
    } else {
        expression(g, MURRE_I32, 2);
        put_op(g, MURRE_OP_I32_CONST);
        build_s64(&g->b, count);
        put_op(g, MURRE_OP_MEMORY_FILL);
        build(&g->b, 0x00);
    }
}

static void statement(struct generator *g, unsigned depth) {
    uint8_t type = types[any(g, TYPES)];
    switch (any(g, 12)) {
    case 0: case 1: case 2:
        expression(g, type, MAX_DEPTH);
        put_op(g, MURRE_OP_LOCAL_SET);
        build_u32(&g->b, local_of(g, type));
        break;
    case 3:
        expression(g, type, MAX_DEPTH);
        put_op(g, MURRE_OP_DROP);
        break;
    case 4: case 5:
        store(g, 3);
        break;
    case 6:
        expression(g, type, 3);
        put_op(g, MURRE_OP_GLOBAL_SET);
        build_u32(&g->b, index_of(type));
        break;
    case 7:
        expression(g, MURRE_I32, 3);
        put_op(g, MURRE_OP_IF);
        build(&g->b, 0x40);
        g->labels++;
        if (depth > 0)
            statements(g, depth - 1);
        if (any(g, 2) == 0) {
            put_op(g, MURRE_OP_ELSE);
            if (depth > 0)
                statements(g, depth - 1);
        }
        g->labels--;
        put_op(g, MURRE_OP_END);
        break;
    case 8:
        if (depth > 0 && g->loops < COUNTERS)
            loop(g, depth - 1);
        break;
    case 9:
        if (depth > 0)
            block(g, depth - 1);
        break;
    case 10:
        if (g->labels > 0) {
            expression(g, MURRE_I32, 3);
            put_op(g, MURRE_OP_BR_IF);
            build_u32(&g->b, any(g, g->labels));
        } else {
            bulk(g);
        }
        break;
    default:
        if (any(g, 8) == 0) {
            expression(g, MURRE_I32, 2);
            put_op(g, MURRE_OP_IF);
            build(&g->b, 0x40);
            unsigned labels = g->labels;
            g->labels = 0;
            expression(g, MURRE_I64, 2);
            put_op(g, MURRE_OP_RETURN);
            g->labels = labels;
            put_op(g, MURRE_OP_END);
        } else {
            bulk(g);
        }
        break;
    }
}

static void statements(struct generator *g, unsigned depth) {
    for (unsigned count = 1 + any(g, 4); count > 0 && g->size > 0; count--) {
        g->size--;
        statement(g, depth);
    }
}

static void function(struct generator *g) {
    build_body(&g->b);
    build_u32(&g->b, TYPES + 1);
    for (unsigned i = 0; i < TYPES; i++)
        build(&g->b, LOCALS_A_TYPE - 1, types[i]);
    build(&g->b, COUNTERS + 1, MURRE_I32);
    g->calls = 2;
    g->size = 24;
    g->loops = g->labels = 0;
    while (g->size > 0)
        statements(g, 3);
    /* A digest of all locals. */
    put_op(g, MURRE_OP_LOCAL_GET);
    build_u32(&g->b, 1);
    for (uint32_t i = 0; i < TYPES * LOCALS_A_TYPE; i++) {
        uint8_t type = i < TYPES ? types[i] : types[(i - TYPES) / (LOCALS_A_TYPE - 1)];
        put_op(g, MURRE_OP_I64_CONST);
        build_s64(&g->b, 0x100000001b3);
        put_op(g, MURRE_OP_I64_MUL);
        put_op(g, MURRE_OP_LOCAL_GET);
        build_u32(&g->b, i);
        if (type == MURRE_F32 || type == MURRE_F64) {
            /* compared only: bits of a NaN that is not canonical would show */
            put_op(g, type == MURRE_F32 ? MURRE_OP_I32_TRUNC_SAT_F32_S : MURRE_OP_I64_TRUNC_SAT_F64_S);
        }
        if (type == MURRE_I32 || type == MURRE_F32)
            put_op(g, MURRE_OP_I64_EXTEND_I32_U);
        put_op(g, MURRE_OP_I64_XOR);
    }
    put_op(g, MURRE_OP_END);
    build_close(&g->b);
}

struct builder random_module(uint64_t seed) {
    struct generator g = {.b = build_module(), .state = seed * 0x9e3779b97f4a7c15 + 0x1234567};
    for (unsigned i = 0; i < 8; i++)
        any(&g, 2);
    build_whole(&g.b, SECTION_TYPE, 0x01, 0x60, TYPES, MURRE_I32, MURRE_I64, MURRE_F32, MURRE_F64, 0x01, MURRE_I64);
    build_whole(&g.b, SECTION_FUNCTION, FUNCTIONS, 0, 0, 0, 0, 0);
    build_whole(&g.b, SECTION_TABLE, 0x01, MURRE_FUNCREF, 0x00, FUNCTIONS + 2);
    build_whole(&g.b, SECTION_MEMORY, 0x01, 0x00, 0x01);
    build_whole(&g.b, SECTION_GLOBAL, GLOBALS, MURRE_I32, 1, 0x41, 5, 0x0b, MURRE_I64, 1, 0x42, 7, 0x0b, MURRE_F32, 1, 0x43, 0, 0, 0x80, 0x3f,
                0x0b, MURRE_F64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x0b);
    build_section(&g.b, SECTION_EXPORT);
    build_u32(&g.b, 2);
    build_name(&g.b, "run");
    build(&g.b, 0x00, FUNCTIONS - 1);
    build_name(&g.b, "memory");
    build(&g.b, 0x02, 0x00);
    build_close(&g.b);
    build_whole(&g.b, SECTION_ELEMENT, 0x01, 0x00, 0x41, 0x00, 0x0b, FUNCTIONS, 0, 1, 2, 3, 4);
    build_section(&g.b, SECTION_CODE);
    build_u32(&g.b, FUNCTIONS);
    for (g.func = 0; g.func < FUNCTIONS; g.func++)
        function(&g);
    build_close(&g.b);
    return g.b;
}
