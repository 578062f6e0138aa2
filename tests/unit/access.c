/* The builder of register code has instructions for plain accesses only (sink.h), and refuses all others instead of making them of memory 0. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/alloc.h"
#include "interp/build.h"

static const struct murre_access others[] = {
    {.memory = 1, .size = 4},          {.offset = UINT64_C(1) << 32, .size = 4},
    {.offset = UINT64_MAX, .size = 4}, {.index64 = true, .size = 4},
    {.atomic = true, .size = 4},       {.shared = true, .size = 4},
};
enum { OTHERS = sizeof others / sizeof *others };

static struct murre_error error;
static struct builder *b;
static const uint32_t offset = 77;
static const struct murre_sink_func func = {.error = &error, .offset = &offset};

static void fresh(void) {
    memset(&error, 0, sizeof error);
    b->failed = false;
    b->count = 0;
    b->most = b->room = 1000000;
    b->func = &func;
    b->watch = NO_WORD;
    build_forget(b);
}

static void expect_refused(unsigned which) {
    cr_expect(b->failed && b->count == 0, "access %u", which);
    cr_expect(error.status == MURRE_ERROR_UNSUPPORTED && error.offset == offset, "access %u: %s", which, error.message);
}

Test(access, what_is_not_plain_is_refused_by_loads_stores_and_bulk_operations) {
    const struct murre_operand slots[3] = {
        {MURRE_OPERAND_SLOT, MURRE_I32, 0, 0}, {MURRE_OPERAND_SLOT, MURRE_I32, 1, 0}, {MURRE_OPERAND_SLOT, MURRE_I32, 2, 0}};
    const struct murre_access plain = {.size = 4, .offset = UINT32_MAX};
    b = builder_new(&murre_allocator_libc);
    for (unsigned i = 0; i < OTHERS; i++) {
        fresh();
        build_load(&b->sink, MURRE_OP_I32_LOAD, 3, slots[0], &others[i]);
        expect_refused(i);
        fresh();
        build_store(&b->sink, MURRE_OP_I32_STORE, slots[0], slots[1], &others[i]);
        expect_refused(i);
        fresh();
        build_bulk(&b->sink, MURRE_OP_MEMORY_FILL, 0, slots, 0, 0, &others[i]);
        expect_refused(i);
        fresh();
        build_bulk(&b->sink, MURRE_OP_MEMORY_COPY, 0, slots, 0, 0, (const struct murre_access[2]){plain, others[i]});
        expect_refused(i);
    }
    fresh();
    build_load(&b->sink, MURRE_OP_I32_LOAD, 3, slots[0], &plain);
    build_store(&b->sink, MURRE_OP_I32_STORE, slots[0], slots[1], &plain);
    build_bulk(&b->sink, MURRE_OP_MEMORY_COPY, 0, slots, 0, 0, (const struct murre_access[2]){plain, plain});
    cr_expect(!b->failed && b->count > 0 && error.status == MURRE_OK, "%s", error.message);
    builder_delete(b);
}
