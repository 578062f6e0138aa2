/* Branch tables under register pressure: see generate.h. A loop in which more integers are live than there are registers; in each iteration a table
 * branches into nested blocks, in which some of them change, and after these all of them are used. Compilers restore registers around such
 * branches, and the check of an index must still hold when the index is used. */
#include "module/generate.h"

enum { MOST_LIVE = 24, NEST = 6 };

struct live {
    uint32_t locals[MOST_LIVE];
    uint32_t count;
};

static void get(struct fuzz_gen *g, uint32_t local) {
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_GET, local);
}

static void set(struct fuzz_gen *g, uint32_t local) {
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_SET, local);
}

static uint32_t some(struct fuzz_gen *g, const struct live *live) {
    return live->locals[fuzz_any(&g->random, live->count)];
}

/* All of i64, old locals or new ones: 8 to MOST_LIVE. A local that is there twice only lives once. */
static struct live some_live(struct fuzz_gen *g) {
    struct live live = {.count = 8 + fuzz_any(&g->random, MOST_LIVE - 7)};
    for (uint32_t i = 0; i < live.count; i++)
        live.locals[i] =
            fuzz_once_in(&g->random, 2) ? fuzz_gen_local(g, MURRE_I64) : fuzz_local_add(g->module, fuzz_gen_func(g), MURRE_I64);
    return live;
}

/* a = a op b */
static void change(struct fuzz_gen *g, uint32_t a, uint32_t b) {
    static const enum murre_op ops[] = {MURRE_OP_I64_ADD, MURRE_OP_I64_XOR, MURRE_OP_I64_SUB, MURRE_OP_I64_MUL, MURRE_OP_I64_ROTL};
    get(g, a);
    get(g, b);
    fuzz_put_op(g->out, ops[fuzz_any(&g->random, sizeof ops / sizeof *ops)]);
    set(g, a);
}

/* A table's index, of i32: mostly the low half of a register whose upper half is not zero; in reach of the table or anywhere. */
static void put_index(struct fuzz_gen *g, const struct live *live, uint32_t targets) {
    if (fuzz_once_in(&g->random, 6)) {
        fuzz_gen_value(g, MURRE_I32, 1);
    } else {
        get(g, some(g, live));
        if (fuzz_once_in(&g->random, 2)) {
            get(g, some(g, live));
            fuzz_put_op(g->out, fuzz_once_in(&g->random, 2) ? MURRE_OP_I64_ADD : MURRE_OP_I64_SHR_S);
        }
        fuzz_put_op(g->out, MURRE_OP_I32_WRAP_I64);
    }
    switch (fuzz_any(&g->random, 4)) {
    case 0: break;
    case 1:
        fuzz_put_const(g->out, MURRE_I32, targets + 1);
        fuzz_put_op(g->out, MURRE_OP_I32_REM_U);
        break;
    default:
        fuzz_put_const(g->out, MURRE_I32, targets < 2 ? 1 : targets < 8 ? 7 : 63);
        fuzz_put_op(g->out, MURRE_OP_I32_AND);
        break;
    }
}

static void put_table(struct fuzz_gen *g, const struct live *live) {
    static const uint32_t counts[] = {0, 1, 1, 1, 2, 2, 3, 5, 12, 40};
    uint32_t nest = 1 + fuzz_any(&g->random, NEST), targets = counts[fuzz_any(&g->random, sizeof counts / sizeof *counts)];
    for (uint32_t i = 0; i < nest; i++)
        fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, NULL, 0);
    put_index(g, live, targets);
    fuzz_put_op_u32(g->out, MURRE_OP_BR_TABLE, targets);
    for (uint32_t i = 0; i <= targets; i++)
        fuzz_put_u32(g->out, fuzz_any(&g->random, nest));
    for (uint32_t i = 0; i < nest; i++) {
        fuzz_gen_close(g);
        for (uint32_t n = fuzz_any(&g->random, 4); n > 0; n--)
            change(g, some(g, live), some(g, live));
        if (fuzz_once_in(&g->random, 8))
            fuzz_gen_call(g, 1);
        if (i + 1 < nest && fuzz_once_in(&g->random, 3)) {
            get(g, some(g, live));
            fuzz_put_op(g->out, MURRE_OP_I64_EQZ);
            fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, fuzz_any(&g->random, nest - 1 - i));
        }
    }
}

void fuzz_gen_pressed_table(struct fuzz_gen *g) {
    struct live live = some_live(g);
    uint32_t counter = fuzz_local_add(g->module, fuzz_gen_func(g), MURRE_I32);
    for (uint32_t i = 0; i < live.count; i++)
        if (fuzz_once_in(&g->random, 2)) {
            fuzz_put_const(g->out, MURRE_I64, fuzz_gen_bits(&g->random, MURRE_I64));
            set(g, live.locals[i]);
        }
    fuzz_put_const(g->out, MURRE_I32, 1 + fuzz_any(&g->random, 12));
    set(g, counter);
    fuzz_gen_open(g, MURRE_OP_LOOP, NULL, 0, NULL, 0);
    g->loops++;
    for (uint32_t n = 1 + fuzz_any(&g->random, 3); n > 0; n--)
        put_table(g, &live);
    for (uint32_t i = 0; i < live.count; i++)
        change(g, live.locals[i], some(g, &live));
    fuzz_gen_count_down(g, counter);
    g->size -= (int)(live.count + 8);
}
