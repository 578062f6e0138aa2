#include "support.h"

static MIR_item_t emit_add(void *user, MIR_context_t mir, MIR_module_t module)
{
  (void)user, (void)module;
  struct build b;
  test_begin(&b, mir, 'i', "ii");
  MIR_reg_t r = test_new_reg(&b, 'i');
  test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
  test_return(&b, test_reg(&b, r));
  return test_end(&b);
}

Test(mirctx, compiles_and_runs_at_every_level)
{
  for (unsigned level = 0; level < LEVELS; level++) {
    int64_t (*f)(int64_t, int64_t) = (int64_t (*)(int64_t, int64_t))test_compile(level, emit_add, NULL);
    cr_assert(f(40, 2) == 42);
  }
}
