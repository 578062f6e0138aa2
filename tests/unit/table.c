/* Tables: size, growth, limits. */
#include "runtime/table.h"

#include <criterion/criterion.h>

#include "support/build.h"
#include "wasm/limits.h"

static struct murre_store *store;

static void setup(void) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    murre_engine_unref(engine);
}

static void teardown(void) {
    murre_store_delete(store);
}

TestSuite(table, .init = setup, .fini = teardown);

static int object;

Test(table, starts_with_its_minimum_of_the_given_reference) {
    struct murre_table *table = murre_table_new(store, MURRE_EXTERNREF, (struct murre_limits){.min = 3}, &object, NULL);
    cr_assert_not_null(table);
    void *ref = NULL;
    cr_assert_eq(murre_table_size(table), 3);
    cr_assert(murre_table_get(table, 2, &ref));
    cr_assert_eq(ref, &object);
    cr_assert_not(murre_table_get(table, 3, &ref));
    cr_assert(murre_table_set(table, 0, NULL));
    cr_assert(murre_table_get(table, 0, &ref));
    cr_assert_null(ref);
    cr_assert_not(murre_table_set(table, UINT64_MAX, NULL));
}

Test(table, grows_to_its_maximum_and_no_further) {
    struct murre_table *table =
        murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 1, .max = 1000, .has_max = true}, NULL, NULL);
    cr_assert_not_null(table);
    for (uint64_t size = 1; size < 1000; size++)
        cr_assert_eq(murre_table_grow(table, 1, NULL), size);
    cr_assert_eq(murre_table_grow(table, 1, NULL), UINT64_MAX);
    cr_assert_eq(murre_table_grow(table, 0, NULL), 1000);
    cr_assert_eq(murre_table_grow(table, UINT32_MAX, NULL), UINT64_MAX);
    cr_assert_eq(murre_table_grow(table, (uint64_t)1 << 32, NULL), UINT64_MAX);
}

Test(table, new_elements_hold_the_given_reference) {
    struct murre_table *table = murre_table_new(store, MURRE_EXTERNREF, (struct murre_limits){.min = 0}, NULL, NULL);
    void *ref = NULL;
    cr_assert_eq(murre_table_grow(table, 5, &object), 0);
    cr_assert_eq(murre_table_grow(table, 5, NULL), 5);
    cr_assert(murre_table_get(table, 4, &ref));
    cr_assert_eq(ref, &object);
    cr_assert(murre_table_get(table, 5, &ref));
    cr_assert_null(ref);
}

Test(table, the_implementation_limit_holds) {
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = MURRE_MAX_TABLE_SIZE + 1}, NULL, &error));
    cr_assert_eq(error.status, MURRE_ERROR_LIMIT);
    struct murre_table *table = murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = MURRE_MAX_TABLE_SIZE - 1}, NULL, NULL);
    cr_assert_not_null(table);
    cr_assert_eq(murre_table_grow(table, 2, NULL), UINT64_MAX);
    cr_assert_eq(murre_table_grow(table, 1, NULL), MURRE_MAX_TABLE_SIZE - 1);
    cr_assert_eq(murre_table_grow(table, 1, NULL), UINT64_MAX);
}

Test(table, bad_types_are_refused) {
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(murre_table_new(store, MURRE_I32, (struct murre_limits){.min = 1}, NULL, &error));
    cr_assert_eq(error.status, MURRE_ERROR_ARGUMENT);
    cr_assert_null(murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 2, .max = 1, .has_max = true}, NULL, NULL));
}
