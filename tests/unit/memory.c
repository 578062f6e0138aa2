/* Linear memories: reservation, growth, both ways of checking bounds, and what happens when address space or memory is short. */
#include "runtime/memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/build.h"
#include "support/space.h"
#include "wasm/limits.h"

static struct murre_limits limits(uint64_t min, uint64_t max) {
    return (struct murre_limits){.min = min, .max = max, .has_max = true};
}

static struct murre_store *new_store(const struct murre_config *config) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_engine *engine = murre_engine_new(config, &error);
    cr_assert_not_null(engine, "%s", error.message);
    struct murre_store *store = murre_store_new(engine, &error);
    cr_assert_not_null(store, "%s", error.message);
    murre_engine_unref(engine);
    return store;
}

static struct murre_store *store_with(enum murre_bounds bounds) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.bounds = bounds;
    return new_store(&config);
}

Test(memory, grows_without_moving_and_is_zero) {
    FOR_EACH_BOUNDS(bounds) {
        struct murre_store *store = store_with(bounds);
        struct murre_memory *memory = murre_memory_new(store, limits(1, 100), NULL);
        cr_assert_not_null(memory);
        uint8_t *base = murre_memory_data(memory);
        cr_assert_eq(murre_memory_size(memory), MURRE_PAGE_SIZE);
        base[MURRE_PAGE_SIZE - 1] = 7;
        cr_assert_eq(murre_memory_grow(memory, 50), 1);
        cr_assert_eq(murre_memory_data(memory), base);
        cr_assert_eq(murre_memory_size(memory), 51 * (uint64_t)MURRE_PAGE_SIZE);
        cr_assert_eq(base[MURRE_PAGE_SIZE - 1], 7);
        cr_assert_eq(base[51 * MURRE_PAGE_SIZE - 1], 0);
        cr_assert_eq(memory->guarded, bounds != MURRE_BOUNDS_EXPLICIT);
        murre_store_delete(store);
    }
}

Test(memory, growth_stops_at_the_maximum) {
    FOR_EACH_BOUNDS(bounds) {
        struct murre_store *store = store_with(bounds);
        struct murre_memory *memory = murre_memory_new(store, limits(2, 4), NULL);
        cr_assert_not_null(memory);
        cr_assert_eq(murre_memory_grow(memory, 3), UINT64_MAX);
        cr_assert_eq(murre_memory_grow(memory, UINT64_MAX), UINT64_MAX);
        cr_assert_eq(murre_memory_grow(memory, 2), 2);
        cr_assert_eq(murre_memory_grow(memory, 0), 4);
        cr_assert_eq(murre_memory_grow(memory, 1), UINT64_MAX);
        murre_store_delete(store);
    }
}

Test(memory, an_empty_memory_has_a_base_and_may_stay_empty) {
    FOR_EACH_BOUNDS(bounds) {
        struct murre_store *store = store_with(bounds);
        struct murre_memory *memory = murre_memory_new(store, limits(0, 0), NULL);
        cr_assert_not_null(memory);
        cr_assert_not_null(murre_memory_data(memory));
        cr_assert_eq(murre_memory_grow(memory, 0), 0);
        cr_assert_eq(murre_memory_grow(memory, 1), UINT64_MAX);
        murre_store_delete(store);
    }
}

Test(memory, four_gibibytes_can_be_reached) {
    FOR_EACH_BOUNDS(bounds) {
        struct murre_store *store = store_with(bounds);
        struct murre_memory *memory = murre_memory_new(store, (struct murre_limits){.min = 1}, NULL);
        cr_assert_not_null(memory);
        cr_assert_eq(murre_memory_grow(memory, MURRE_MAX_MEMORY_PAGES - 1), 1);
        murre_memory_data(memory)[UINT32_MAX] = 1;
        cr_assert_eq(murre_memory_grow(memory, 1), UINT64_MAX);
        murre_store_delete(store);
    }
}

Test(memory, the_configured_limit_holds) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.max_memory = 3 * MURRE_PAGE_SIZE + 1;
    struct murre_store *store = new_store(&config);
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(murre_memory_new(store, limits(4, 10), &error));
    cr_assert_eq(error.status, MURRE_ERROR_MEMORY);
    struct murre_memory *memory = murre_memory_new(store, limits(1, 10), NULL);
    cr_assert_not_null(memory);
    cr_assert_eq(murre_memory_grow(memory, 3), UINT64_MAX);
    cr_assert_eq(murre_memory_grow(memory, 2), 1);
    struct murre_limits declared;
    murre_memory_limits(memory, &declared);
    cr_assert_eq(declared.max, 10);
    murre_store_delete(store);
}

Test(memory, bad_limits_are_refused) {
    struct murre_store *store = store_with(MURRE_BOUNDS_AUTO);
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(murre_memory_new(store, limits(2, 1), &error));
    cr_assert_eq(error.status, MURRE_ERROR_ARGUMENT);
    cr_assert_null(murre_memory_new(store, (struct murre_limits){.min = MURRE_MAX_MEMORY_PAGES + 1}, NULL));
    error = (struct murre_error){.status = MURRE_OK};
    cr_assert_null(murre_memory_new(store, (struct murre_limits){.min = 1, .is64 = true}, &error));
    cr_assert_eq(error.status, MURRE_ERROR_UNSUPPORTED);
    murre_store_delete(store);
}

Test(memory, the_guard_region_covers_index_plus_offset_plus_access) {
    struct murre_store *store = store_with(MURRE_BOUNDS_GUARD);
    struct murre_memory *memory = murre_memory_new(store, limits(1, 1), NULL);
    cr_assert_not_null(memory);
    cr_assert_geq(memory->reserved, (uint64_t)UINT32_MAX + UINT32_MAX + 16);
    murre_store_delete(store);
}

#if !TEST_WITH_ADDRESS_SANITIZER /* its shadow needs the address space */
/* Runs body in a child whose address space is bounded; it returns its exit status, 0 for success. */
static void with_address_space(uint64_t extra, int (*body)(enum murre_bounds bounds), enum murre_bounds bounds) {
    pid_t child = fork();
    cr_assert_neq(child, -1);
    if (child == 0) {
        test_shorten_space(extra);
        _exit(body(bounds));
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "status %#x", (unsigned)status);
    cr_assert_eq(WEXITSTATUS(status), 0, "exit status %d", WEXITSTATUS(status));
}

static int falls_back(enum murre_bounds bounds) {
    struct murre_store *store = store_with(bounds);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_memory *memory = murre_memory_new(store, (struct murre_limits){.min = 16}, &error);
    if (!memory)
        return 1;
    if (memory->guarded)
        return 2;
    uint8_t *base = murre_memory_data(memory);
    if (murre_memory_grow(memory, 1000) != 16 || murre_memory_data(memory) != base)
        return 3;
    base[1016 * (uint64_t)MURRE_PAGE_SIZE - 1] = 1;
    if (murre_memory_grow(memory, MURRE_MAX_MEMORY_PAGES - 1016) != UINT64_MAX)
        return 4;
    /* Something is left for the rest of the program. */
    void *rest = malloc(16 << 20);
    if (!rest)
        return 5;
    free(rest);
    murre_store_delete(store);
    return 0;
}

static int guards_cannot_be_had(enum murre_bounds bounds) {
    struct murre_store *store = store_with(bounds);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_memory *memory = murre_memory_new(store, (struct murre_limits){.min = 16}, &error);
    murre_store_delete(store);
    return memory == NULL && error.status == MURRE_ERROR_MEMORY ? 0 : 1;
}

static int only_the_minimum_fits(enum murre_bounds bounds) {
    struct murre_store *store = store_with(bounds);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_memory *big = murre_memory_new(store, (struct murre_limits){.min = 8 * 1024}, &error);
    if (big || error.status != MURRE_ERROR_MEMORY)
        return 1;
    struct murre_memory *small = murre_memory_new(store, (struct murre_limits){.min = 1024}, NULL);
    if (!small || small->guarded)
        return 2;
    murre_memory_data(small)[1024 * (uint64_t)MURRE_PAGE_SIZE - 1] = 1;
    murre_store_delete(store);
    return 0;
}

Test(memory, short_address_space_falls_back_to_explicit_checks) {
    with_address_space((uint64_t)1 << 30, falls_back, MURRE_BOUNDS_AUTO);
    with_address_space((uint64_t)1 << 30, falls_back, MURRE_BOUNDS_EXPLICIT);
}

Test(memory, guards_that_were_asked_for_are_an_error_when_they_cannot_be_had) {
    with_address_space((uint64_t)1 << 30, guards_cannot_be_had, MURRE_BOUNDS_GUARD);
}

static int many_fit(enum murre_bounds bounds) {
    enum { MEMORIES = 100 };
    struct murre_store *store = store_with(bounds);
    struct murre_memory *memories[MEMORIES];
    for (unsigned i = 0; i < MEMORIES; i++) {
        memories[i] = murre_memory_new(store, (struct murre_limits){.min = 1}, NULL);
        if (!memories[i])
            return 1;
    }
    /* And the first as well as the last may still grow to much of what there is. */
    if (murre_memory_grow(memories[0], 8 * 1024) != 1 || murre_memory_grow(memories[MEMORIES - 1], 8 * 1024) != 1)
        return 2;
    murre_memory_data(memories[0])[8 * 1024 * (uint64_t)MURRE_PAGE_SIZE] = 1;
    for (unsigned i = 1; i < 100; i++)
        if (murre_memory_data(memories[i])[0] != 0)
            return 3;
    murre_store_delete(store);
    return 0;
}

/* Emulators ignore them. */
static bool limits_can_be_had(void) {
    struct rlimit before, wanted, found;
    cr_assert_eq(getrlimit(RLIMIT_AS, &before), 0);
    wanted = (struct rlimit){.rlim_cur = (uint64_t)1 << 44, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_AS, &wanted), 0);
    cr_assert_eq(getrlimit(RLIMIT_AS, &found), 0);
    cr_assert_eq(setrlimit(RLIMIT_AS, &before), 0);
    return found.rlim_cur == wanted.rlim_cur;
}

Test(memory, many_fit_into_a_limited_address_space) {
    if (!limits_can_be_had())
        cr_skip_test("no limit on address space can be had here");
    with_address_space((uint64_t)4000000 << 10, many_fit, MURRE_BOUNDS_AUTO);
    with_address_space((uint64_t)4000000 << 10, many_fit, MURRE_BOUNDS_EXPLICIT);
}

Test(memory, the_minimum_is_tried_last) {
    with_address_space((uint64_t)256 << 20, only_the_minimum_fits, MURRE_BOUNDS_AUTO);
}
#endif
