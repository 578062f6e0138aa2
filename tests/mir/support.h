/* Support for the tests of MIR, its patches and what murre puts around it. */
#ifndef MURRE_TESTS_MIR_SUPPORT_H
#define MURRE_TESTS_MIR_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>
#include <mir.h>

#include "jit/codemem.h"
#include "jit/ext.h"
#include "jit/mirctx.h"

enum { LEVELS = 4 }; /* MIR's optimisation levels are 0 to 3 */

/* A context and code memory of this process, made at first use. */
struct murre_mirctx *test_ctx(void);
struct murre_codemem *test_codemem(void);

/* Compiles with `emit`, which must succeed; the code's address. */
const void *test_compile(unsigned level, murre_mirctx_emit *emit, void *user);

/* A function under construction. `f` takes nargs arguments of the types given by letters (i: I64, f: F, d: D) and returns
   one value of the type `result` ('v': none). */
struct build {
    MIR_context_t mir;
    MIR_item_t func;
    MIR_reg_t arg[16];
};
void test_begin(struct build *b, MIR_context_t mir, char result, const char *arguments);
MIR_item_t test_end(struct build *b);

MIR_reg_t test_new_reg(struct build *b, char type);
MIR_op_t test_reg(struct build *b, MIR_reg_t reg);
MIR_op_t test_int(struct build *b, int64_t value);
void test_insn(struct build *b, MIR_insn_t insn);
void test_return(struct build *b, MIR_op_t value);

/* For functions under construction that are called `b`: their text is then near to MIR's own. */
#define EMIT(code, ...)      test_insn(&b, MIR_new_insn(b.mir, MIR_##code, __VA_ARGS__))
#define R(reg)               test_reg(&b, reg)
#define C(value)             test_int(&b, value)
#define TO(label)            MIR_new_label_op(b.mir, label)
#define AT(type, disp, base) MIR_new_mem_op(b.mir, MIR_T_##type, disp, base, 0, 1)

/* Random numbers, the same in every run. */
uint64_t test_random(void);

#endif
