/* Operations on memories, tables and segments, and how segments are applied at instantiation. */
#include "runtime/bulk.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/memory.h"
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
TestSuite(bulk, .init = setup, .fini = teardown);

/* One memory of a page, tables of ten (funcref) and five (externref), four functions, passive segments: data "abcdef", elements
 * {0, 1, null, 3} as expressions and {3, 2, 1} as indices. */
static struct murre_instance *make(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_FUNCTION, 4, 0, 0, 0, 0);
    build_whole(&b, SECTION_TABLE, 2, 0x70, 0, 10, 0x6f, 0, 5);
    build_whole(&b, SECTION_MEMORY, 1, 1, 1, 2);
    build_whole(&b, SECTION_ELEMENT, 2, 5, 0x70, 4, 0xd2, 0, 0x0b, 0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b, 0xd2, 3, 0x0b, 1, 0, 3, 3, 2, 1);
    build_whole(&b, SECTION_DATA_COUNT, 1);
    build_whole(&b, SECTION_CODE, 4, 2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b);
    build_whole(&b, SECTION_DATA, 1, 1, 6, 'a', 'b', 'c', 'd', 'e', 'f');
    return test_instance(store, &b);
}

Test(bulk, memory_init_copies_part_of_a_segment) {
    struct murre_instance *instance = make();
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 10, 1, 4), MURRE_TRAP_COUNT);
    cr_assert_eq(memcmp(instance->memory_base + 9, "\0bcde\0", 6), 0);
}

Test(bulk, memory_init_checks_both_ends_before_it_writes) {
    struct murre_instance *instance = make();
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, 3, 4), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, UINT32_MAX, 2), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, MURRE_PAGE_SIZE - 3, 0, 4), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, UINT32_MAX, 0, 2), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(instance->memory_base[0], 0);
    cr_assert_eq(instance->memory_base[MURRE_PAGE_SIZE - 3], 0);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, MURRE_PAGE_SIZE, 6, 0), MURRE_TRAP_COUNT);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, MURRE_PAGE_SIZE + 1, 6, 0), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, 7, 0), MURRE_TRAP_MEMORY_BOUNDS);
}

Test(bulk, a_dropped_data_segment_is_empty) {
    struct murre_instance *instance = make();
    murre_bulk_data_drop(instance, 0);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, 0, 1), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, 0, 0), MURRE_TRAP_COUNT);
    murre_bulk_data_drop(instance, 0);
}

Test(bulk, memory_copy_handles_overlap) {
    struct murre_instance *instance = make();
    memcpy(instance->memory_base, "0123456789", 10);
    cr_assert_eq(murre_bulk_memory_copy(instance, 0, 0, 2, 0, 8), MURRE_TRAP_COUNT);
    cr_assert_eq(memcmp(instance->memory_base, "0101234567", 10), 0);
    cr_assert_eq(murre_bulk_memory_copy(instance, 0, 0, 0, 2, 8), MURRE_TRAP_COUNT);
    cr_assert_eq(memcmp(instance->memory_base, "0123456767", 10), 0);
    cr_assert_eq(murre_bulk_memory_copy(instance, 0, 0, MURRE_PAGE_SIZE - 1, 0, 2), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_memory_copy(instance, 0, 0, 0, MURRE_PAGE_SIZE - 1, 2), MURRE_TRAP_MEMORY_BOUNDS);
}

Test(bulk, memory_fill_uses_the_low_byte) {
    struct murre_instance *instance = make();
    cr_assert_eq(murre_bulk_memory_fill(instance, 0, 5, 0x1234, 3), MURRE_TRAP_COUNT);
    cr_assert_eq(memcmp(instance->memory_base + 4, "\0\x34\x34\x34\0", 5), 0);
    cr_assert_eq(murre_bulk_memory_fill(instance, 0, MURRE_PAGE_SIZE - 1, 1, 2), MURRE_TRAP_MEMORY_BOUNDS);
}

/* A memory of 16 MiB, so that operations are done in several pieces. */
enum { LARGE = 16 << 20 };
static struct murre_instance *make_large(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_MEMORY, 1, 0, 0x80, 2);
    struct murre_instance *instance = test_instance(store, &b);
    for (uint32_t i = 0; i < LARGE; i++)
        instance->memory_base[i] = (uint8_t)(i * 2654435761u >> 24);
    return instance;
}

Test(bulk, large_copies_that_overlap_are_right_both_ways) {
    static const struct {
        uint32_t to, from, size;
    } rows[] = {{7, 0, LARGE - 7},     {0, 7, LARGE - 7}, {5 << 20, 0, 11 << 20}, {0, 5 << 20, 11 << 20},
                {8 << 20, 0, 8 << 20}, {3, 3, 9 << 20},   {1, 2, 4 << 20}};
    uint8_t *want = malloc(LARGE);
    cr_assert_not_null(want);
    struct murre_instance *instance = make_large();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memcpy(want, instance->memory_base, LARGE);
        memmove(want + rows[i].to, want + rows[i].from, rows[i].size);
        cr_assert_eq(murre_bulk_memory_copy(instance, 0, 0, rows[i].to, rows[i].from, rows[i].size), MURRE_TRAP_COUNT);
        cr_assert_eq(memcmp(instance->memory_base, want, LARGE), 0, "row %zu", i);
    }
    memset(want + 3, 9, LARGE - 4);
    cr_assert_eq(murre_bulk_memory_fill(instance, 0, 3, 9, LARGE - 4), MURRE_TRAP_COUNT);
    cr_assert_eq(memcmp(instance->memory_base, want, LARGE), 0);
    free(want);
}

Test(bulk, a_request_to_stop_ends_large_operations_on_the_way) {
    struct murre_instance *instance = make_large();
    struct murre_activation activation = {0};
    uint8_t last = instance->memory_base[LARGE - 1], first = instance->memory_base[0];
    store->activation = &activation;
    atomic_store(&store->interrupt, true);
    cr_expect_eq(murre_bulk_memory_fill(instance, 0, 0, last + 1, LARGE), MURRE_TRAP_INTERRUPT);
    cr_expect_eq(instance->memory_base[LARGE - 1], last);
    instance->memory_base[0] = first;
    instance->memory_base[1] = (uint8_t)(first + 1);
    cr_expect_eq(murre_bulk_memory_copy(instance, 0, 0, 1, 0, LARGE - 1), MURRE_TRAP_INTERRUPT);
    cr_expect_eq(instance->memory_base[1], (uint8_t)(first + 1));
    store->activation = NULL;
    atomic_store(&store->interrupt, false);
}

Test(bulk, memory_size_and_grow_count_pages) {
    struct murre_instance *instance = make();
    cr_assert_eq(murre_bulk_memory_size(instance, 0), 1);
    cr_assert_eq(murre_bulk_memory_grow(instance, 0, 1), 1);
    cr_assert_eq(murre_bulk_memory_size(instance, 0), 2);
    cr_assert_eq(murre_bulk_memory_grow(instance, 0, 1), UINT32_MAX);
}

Test(bulk, table_init_takes_expressions_and_indices) {
    struct murre_instance *instance = make();
    void **elems = murre_instance_table(instance, 0)->elems;
    cr_assert_eq(murre_bulk_table_init(instance, 0, 0, 1, 1, 3), MURRE_TRAP_COUNT);
    cr_assert_null(elems[0]);
    cr_assert_eq(elems[1], murre_instance_func(instance, 1));
    cr_assert_null(elems[2]);
    cr_assert_eq(elems[3], murre_instance_func(instance, 3));
    cr_assert_eq(murre_bulk_table_init(instance, 1, 0, 7, 0, 3), MURRE_TRAP_COUNT);
    cr_assert_eq(elems[7], murre_instance_func(instance, 3));
    cr_assert_eq(elems[9], murre_instance_func(instance, 1));
    cr_assert_eq(murre_bulk_table_init(instance, 1, 0, 8, 0, 3), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_init(instance, 1, 0, 0, 1, 3), MURRE_TRAP_TABLE_BOUNDS);
    murre_bulk_elem_drop(instance, 1);
    cr_assert_eq(murre_bulk_table_init(instance, 1, 0, 0, 0, 1), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_init(instance, 1, 0, 10, 0, 0), MURRE_TRAP_COUNT);
}

Test(bulk, table_get_set_grow_fill_copy) {
    struct murre_instance *instance = make();
    int a, b;
    void *ref = &b;
    cr_assert_eq(murre_bulk_table_set(instance, 1, 4, &a), MURRE_TRAP_COUNT);
    cr_assert_eq(murre_bulk_table_set(instance, 1, 5, &a), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_get(instance, 1, 4, &ref), MURRE_TRAP_COUNT);
    cr_assert_eq(ref, &a);
    cr_assert_eq(murre_bulk_table_get(instance, 1, UINT32_MAX, &ref), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_grow(instance, 1, &b, 2), 5);
    cr_assert_eq(murre_bulk_table_get(instance, 1, 6, &ref), MURRE_TRAP_COUNT);
    cr_assert_eq(ref, &b);
    cr_assert_eq(murre_bulk_table_fill(instance, 1, 0, &b, 2), MURRE_TRAP_COUNT);
    cr_assert_eq(murre_bulk_table_fill(instance, 1, 6, &b, 2), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_copy(instance, 1, 1, 1, 4, 3), MURRE_TRAP_COUNT);
    cr_assert_eq(murre_bulk_table_get(instance, 1, 1, &ref), MURRE_TRAP_COUNT);
    cr_assert_eq(ref, &a);
    cr_assert_eq(murre_bulk_table_copy(instance, 1, 1, 5, 0, 3), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_eq(murre_bulk_table_copy(instance, 1, 1, 0, 7, 0), MURRE_TRAP_COUNT);
    cr_assert_eq(murre_bulk_table_copy(instance, 1, 1, 0, 8, 0), MURRE_TRAP_TABLE_BOUNDS);
}

/* ---- instantiation ---- */

/* Imports table e.t and memory e.m; elements at 0 and at 9, then data at 0 and at 65534. */
static struct builder importing(uint8_t second_elem_offset, uint32_t second_data_offset) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 2, 1, 'e', 1, 't', 1, 0x70, 0, 2, 1, 'e', 1, 'm', 2, 0, 1);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_ELEMENT, 2, 0, 0x41, 0, 0x0b, 1, 0, 0, 0x41, second_elem_offset, 0x0b, 2, 0, 0);
    build_whole(&b, SECTION_CODE, 1, 2, 0, 0x0b);
    build_section(&b, SECTION_DATA);
    build(&b, 2, 0, 0x41, 0, 0x0b, 1, 'x', 0, 0x41);
    build_s64(&b, second_data_offset);
    build(&b, 0x0b, 2, 'y', 'z');
    build_close(&b);
    return b;
}

static struct murre_instance *instantiate(struct builder b, struct murre_table *table, struct murre_memory *memory,
                                          struct murre_trap **trap) {
    struct murre_module *module = test_module(murre_store_engine(store), &b);
    struct murre_extern imports[] = {{.kind = MURRE_EXTERN_TABLE, .of.table = table}, {.kind = MURRE_EXTERN_MEMORY, .of.memory = memory}};
    struct murre_error error = {.status = MURRE_OK};
    struct murre_instance *instance = murre_instance_new(store, module, imports, 2, trap, &error);
    cr_assert_eq(error.status, instance ? MURRE_OK : MURRE_ERROR_TRAP);
    murre_module_unref(module);
    return instance;
}

Test(bulk, active_segments_are_applied_and_dropped) {
    struct murre_table *table = murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 10}, NULL, NULL);
    struct murre_memory *memory = murre_memory_new(store, (struct murre_limits){.min = 1}, NULL);
    struct murre_trap *trap;
    struct murre_instance *instance = instantiate(importing(8, 65534), table, memory, &trap);
    cr_assert_not_null(instance);
    cr_assert_null(trap);
    cr_assert_eq(table->elems[0], murre_instance_func(instance, 0));
    cr_assert_eq(table->elems[9], murre_instance_func(instance, 0));
    cr_assert_eq(murre_memory_data(memory)[65535], 'z');
    cr_assert_eq(murre_bulk_memory_init(instance, 0, 0, 0, 0, 1), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(murre_bulk_table_init(instance, 0, 0, 0, 0, 1), MURRE_TRAP_TABLE_BOUNDS);
}

Test(bulk, an_active_segment_out_of_bounds_traps_and_earlier_writes_stay) {
    struct murre_table *table = murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 10}, NULL, NULL);
    struct murre_memory *memory = murre_memory_new(store, (struct murre_limits){.min = 1}, NULL);
    struct murre_trap *trap;
    cr_assert_null(instantiate(importing(9, 0), table, memory, &trap));
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_TABLE_BOUNDS);
    cr_assert_str_eq(murre_trap_message(trap), "out of bounds table access");
    murre_trap_delete(trap);
    cr_assert_not_null(table->elems[0]);
    cr_assert_null(table->elems[9]);
    cr_assert_eq(murre_memory_data(memory)[0], 0);

    cr_assert_null(instantiate(importing(0, 65535), table, memory, &trap));
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_str_eq(murre_trap_message(trap), "out of bounds memory access");
    murre_trap_delete(trap);
    cr_assert_eq(murre_memory_data(memory)[0], 'x');
    cr_assert_eq(murre_memory_data(memory)[65535], 0);
}
