/* While a guest runs, none of its code can be written: what the system says of this process's pages, asked from inside a call. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "support/build.h"

enum { I32 = 0x7f };

struct pages {
    unsigned looks;
    unsigned code;     /* mappings that code memory has, as long as it has a name of its own */
    unsigned writable; /* of these */
    unsigned both;     /* of all: writable and executable */
    uintptr_t native;  /* an address in compiled code, or 0 */
    bool native_seen;  /* its mapping is there, executable and not writable */
};

static void read_pages(struct pages *pages) {
    FILE *file = fopen("/proc/self/maps", "r");
    cr_assert(file);
    char line[4352], may[5];
    pages->looks++;
    pages->code = pages->writable = pages->both = 0;
    pages->native_seen = false;
    while (fgets(line, sizeof line, file)) {
        uintptr_t start, end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, may) != 3)
            continue;
        const bool writes = may[1] == 'w', runs = may[2] == 'x';
        pages->both += writes && runs;
        if (strstr(line, "murre-code")) {
            pages->code++;
            pages->writable += writes;
        }
        if (pages->native - start < end - start)
            pages->native_seen = runs && !writes;
    }
    fclose(file);
}

/* What the guest calls in the middle of its work. */
static struct murre_trap *look(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller, (void)args;
    read_pages(env);
    results[0].i32 = 1;
    return NULL;
}

/* "run"(n) calls the import n times and adds up what it gives. */
static struct builder looking_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 0, 1, I32, 0x60, 1, I32, 1, I32);
    build_whole(&b, SECTION_IMPORT, 1, 1, 'e', 1, 'f', 0, 0);
    build_whole(&b, SECTION_FUNCTION, 1, 1);
    build_whole(&b, SECTION_EXPORT, 1, 3, 'r', 'u', 'n', 0, 1);
    build_section(&b, SECTION_CODE);
    build(&b, 1);
    build_body(&b);
    build(&b, 1, 1, I32, 0x03, 0x40, 0x10, 0, 0x20, 1, 0x6a, 0x21, 1);
    build(&b, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

static void until_idle(struct murre_engine *engine, const struct murre_func *func) {
    for (int i = 0; i < 10000 && !atomic_load(&func->code->native); i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    struct murre_stats stats, before = {0};
    do { /* a loop may still be compiled */
        struct timespec pause = {0, 100000000};
        murre_engine_stats(engine, &before);
        nanosleep(&pause, NULL);
        murre_engine_stats(engine, &stats);
    } while (stats.code_bytes != before.code_bytes);
}

Test(code_pages, no_code_is_writable_while_a_guest_runs_in_any_tier, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_config config;
        murre_config_init(&config);
        config.tier = tier;
        config.entry_threshold = config.loop_threshold = 2;
        struct murre_engine *engine = murre_engine_new(&config, NULL);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct builder b = looking_module();
        struct murre_module *module = test_module(engine, &b);
        struct pages pages = {0};
        static const murre_valtype result = MURRE_I32;
        const struct murre_functype type = {.results = &result, .result_count = 1};
        struct murre_extern import = {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(store, &type, look, &pages, NULL, NULL)};
        struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
        cr_assert(instance);
        struct murre_func *run = test_func(instance, "run");
        for (int i = 0; i < 20; i++) {
            union murre_slot slot = {.i32 = 5};
            cr_assert(!murre_func_call(store, run, &slot) && slot.i32 == 5);
        }
        const bool compiles = tier == MURRE_TIER_JIT || (tier == MURRE_TIER_AUTO && murre_has_compiler());
        if (compiles) {
            until_idle(engine, run);
            pages.native = (uintptr_t)atomic_load(&run->code->native);
            cr_assert_neq(pages.native, 0);
        }
        const unsigned looks = pages.looks;
        union murre_slot slot = {.i32 = 3};
        cr_assert(!murre_func_call(store, run, &slot) && slot.i32 == 3);
        cr_assert_eq(pages.looks, looks + 3);
        cr_assert_eq(pages.both, 0, "tier %d: pages are writable and executable", tier);
        cr_assert_eq(pages.writable, 0, "tier %d: code memory can be written", tier);
        cr_assert_eq(pages.native_seen, compiles, "tier %d", tier);
        cr_assert(!compiles || pages.code == 0 || pages.code == 2, "tier %d: %u mappings of code memory", tier, pages.code);
        murre_store_delete(store);
        murre_module_unref(module);
        murre_engine_unref(engine);
    }
}
