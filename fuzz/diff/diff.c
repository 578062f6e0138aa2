/* Runs a module in every way that murre has, all of which must agree. The interpreter is the reference; compared with it are the compiler at each level,
 * with guards, with explicit checks and without signals, and tier auto with everything hot. The module is instantiated twice (twin.h says
 * why); prepare.h says how a module is made comparable, log.h what is compared.
 *
 * Lowering each of its functions takes a bounded time per byte (cost.h).
 *
 * The input is a module. Anything else, and invalid modules, are skipped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "diff/host_side.h"
#include "diff/options.h"
#include "runtime/module.h"

static struct fuzz_log sights;

static uint64_t hash_of(const uint8_t *data, size_t size) {
    uint64_t hash = size;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 0x100000001b3;
    return fuzz_mix(hash, 0);
}

bool fuzz_prepared(const uint8_t *data, size_t size, struct fuzz_module *prepared, struct fuzz_plan *plan) {
    struct murre_module *module = murre_module_new(fuzz_side_engine(fuzz_sides), data, size, NULL);
    if (!module)
        return false;
    bool readable = fuzz_module_can_read(&module->info);
    if (readable)
        fuzz_module_read(prepared, &module->info);
    murre_module_unref(module);
    if (!readable)
        return false;
    *plan = fuzz_prepare(prepared, hash_of(data, size));
    return true;
}

/* Compiling takes most of the time, so an input is run by one side of each group, as its bytes choose; by all with MURRE_FUZZ_SIDES=all, by
 * those of some levels with MURRE_FUZZ_SIDES=23. */
static bool is_chosen(unsigned side, uint64_t choice) {
    static const char *wanted;
    if (!wanted && !(wanted = getenv("MURRE_FUZZ_SIDES")))
        wanted = "";
    if (side == 0 || strcmp(wanted, "all") == 0)
        return true;
    if (*wanted)
        return fuzz_sides[side].level >= 0 && strchr(wanted, '0' + fuzz_sides[side].level) != NULL;
    unsigned first = side, count = 0;
    while (first > 0 && fuzz_sides[first - 1].group == fuzz_sides[side].group)
        first--;
    while (first + count < fuzz_side_count && fuzz_sides[first + count].group == fuzz_sides[side].group)
        count++;
    return side == first + (choice >> (8 + 8 * fuzz_sides[side].group)) % count;
}

/* Validates and lowers every function of a module of its own. */
static void lower(void *context) {
    const struct fuzz_span *bytes = context;
    struct murre_engine *engine = fuzz_side_engine(fuzz_sides);
    struct murre_module *module = murre_module_new_borrowed(engine, bytes->data, bytes->size, NULL, NULL, NULL);
    for (uint32_t i = module ? module->info.func_import_count : 0; module && i < module->info.func_count; i++)
        (void)engine->interp->prepare(module, i);
    murre_module_unref(module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_module prepared;
    struct fuzz_plan plan;
    if (!fuzz_prepared(data, size, &prepared, &plan))
        return 0;
    struct fuzz_span bytes = fuzz_module_write(&prepared);
    fuzz_cost_bound("lowering", lower, &bytes, bytes.size);
    uint64_t choice = hash_of(data, size);
    for (unsigned i = 0; i < fuzz_side_count; i++)
        if (is_chosen(i, choice))
            fuzz_side_run(&fuzz_sides[i], bytes, &plan, &sights);
    fuzz_module_fini(&prepared);
    return 0;
}
