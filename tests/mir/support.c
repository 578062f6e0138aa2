#include "support.h"

#include <stdio.h>

struct murre_codemem *test_codemem(void) {
    static struct murre_codemem *mem;
    if (mem == NULL)
        mem = murre_codemem_new(0);
    cr_assert(mem != NULL);
    return mem;
}

struct murre_mirctx *test_ctx(void) {
    static struct murre_mirctx *ctx;
    if (ctx == NULL)
        ctx = murre_mirctx_new(test_codemem(), 0);
    cr_assert(ctx != NULL);
    return ctx;
}

const void *test_compile(unsigned level, murre_mirctx_emit *emit, void *user) {
    struct murre_mirctx_result result;
    enum murre_mirctx_status status = murre_mirctx_compile(test_ctx(), level, emit, user, NULL, &result);
    cr_assert(status == MURRE_MIRCTX_OK, "level %u: %s: %s", level, murre_mirctx_status_name(status), result.message);
    return result.code;
}

static MIR_type_t type_of(char letter) {
    return letter == 'f' ? MIR_T_F : letter == 'd' ? MIR_T_D : MIR_T_I64;
}

void test_begin(struct build *b, MIR_context_t mir, char result, const char *arguments) {
    MIR_var_t vars[16];
    char names[16][8];
    size_t n = strlen(arguments);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "a%zu", i);
        vars[i] = (MIR_var_t){.type = type_of(arguments[i]), .name = names[i]};
    }
    MIR_type_t type = type_of(result);
    b->mir = mir;
    b->func = MIR_new_func_arr(mir, "f", result != 'v', &type, n, vars);
    for (size_t i = 0; i < n; i++)
        b->arg[i] = MIR_reg(mir, names[i], b->func->u.func);
}

MIR_item_t test_end(struct build *b) {
    MIR_finish_func(b->mir);
    return b->func;
}

MIR_reg_t test_new_reg(struct build *b, char type) {
    char name[24];
    static _Atomic unsigned count; /* threads build at once */
    snprintf(name, sizeof name, "r%u", count++);
    return MIR_new_func_reg(b->mir, b->func->u.func, type_of(type), name);
}

MIR_op_t test_reg(struct build *b, MIR_reg_t reg) {
    return MIR_new_reg_op(b->mir, reg);
}

MIR_op_t test_int(struct build *b, int64_t value) {
    return MIR_new_int_op(b->mir, value);
}

void test_insn(struct build *b, MIR_insn_t insn) {
    MIR_append_insn(b->mir, b->func, insn);
}

void test_return(struct build *b, MIR_op_t value) {
    test_insn(b, MIR_new_ret_insn(b->mir, 1, value));
}

uint64_t test_random(void) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}
