/* The table of sites: what is put in is found, and nothing else. */
#include "runtime/site.h"

#include <criterion/criterion.h>

#include "base/alloc.h"

static uint64_t state = 88172645463325252u;

static uint32_t any(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static bool is_call(enum murre_site_kind kind) {
    return kind == MURRE_SITE_CALL || kind == MURRE_SITE_LEAVE;
}

static bool same(const struct murre_site *a, const struct murre_site *b) {
    return a->pc == b->pc && a->offset == b->offset && a->kind == b->kind;
}

/* Every pc near a site is asked for, as a call and as a fault. */
static void check(const struct murre_site *sites, size_t count) {
    struct murre_sites *table = murre_sites_new(&murre_allocator_libc, sites, count);
    cr_assert_not_null(table);
    for (size_t i = 0; i < count; i++)
        for (uint32_t pc = sites[i].pc > 2 ? sites[i].pc - 2 : 0; pc <= sites[i].pc + 2; pc++)
            for (int call = 0; call < 2; call++) {
                const struct murre_site *wanted = NULL;
                for (size_t k = i > 6 ? i - 6 : 0; k < count && sites[k].pc <= pc; k++)
                    if (sites[k].pc == pc && is_call(sites[k].kind) == (bool)call)
                        wanted = wanted ? wanted : &sites[k];
                struct murre_site found;
                bool good = call ? murre_sites_find_call(table, pc, &found) : murre_sites_find_fault(table, pc, &found);
                cr_assert_eq(good, wanted != NULL, "site %zu of %zu, pc %u, %d", i, count, pc, call);
                cr_assert(!good || same(&found, wanted), "site %zu of %zu, pc %u", i, count, pc);
            }
    murre_sites_delete(&murre_allocator_libc, table);
}

Test(site, tables_of_every_size_and_distance_are_read_as_they_were_made) {
    static const uint32_t near[] = {1, 4, 62, 63, 64, 190, 191, 192, 1 << 14, 1 << 21, 1 << 24};
    enum { MOST = 400 };
    struct murre_site sites[MOST];
    for (size_t count = 0; count <= MOST; count += count < 140 ? 1 : 65)
        for (unsigned round = 0; round < 11; round++) {
            uint32_t pc = any(8), offset = any(1u << 30);
            for (size_t i = 0; i < count; i++) {
                sites[i] = (struct murre_site){pc, offset, (enum murre_site_kind)any(4)};
                pc += 1 + any(near[round] > 1 << 22 && i > 200 ? 4 : near[round]);
                offset = any(9) ? offset + any(40) - 8 : any(1u << 30);
                offset &= (1u << 30) - 1;
            }
            check(sites, count);
        }
}

/* Processors whose instructions are words have shorter tables. */
Test(site, places_at_words_are_found_and_none_between) {
    enum { COUNT = 300 };
    struct murre_site sites[COUNT];
    for (uint32_t step = 4; step <= 1u << 20; step *= 4) {
        uint32_t pc = 0;
        for (size_t i = 0; i < COUNT; i++) {
            sites[i] = (struct murre_site){pc, any(1u << 12), (enum murre_site_kind)any(4)};
            pc += 4 + any(step) / 4 * 4;
        }
        check(sites, COUNT);
    }
}

Test(site, the_farthest_numbers_have_room) {
    static const uint32_t offsets[] = {0, INT32_MAX, 0, 1, INT32_MAX - 1, 0x40000000, 0x40000001, 0x3fffffff, 5};
    struct murre_site sites[sizeof offsets / sizeof *offsets];
    for (unsigned shift = 0; shift < 3; shift++) {
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
            sites[i] = (struct murre_site){(uint32_t)i << (24 + shift) | (i == 4 ? 1 : 0), offsets[i], (enum murre_site_kind)(i % 4)};
        check(sites, sizeof offsets / sizeof *offsets);
    }
    sites[1] = (struct murre_site){UINT32_MAX - 3, INT32_MAX, MURRE_SITE_CALLEE};
    check(sites, 2);
}

Test(site, a_call_may_return_to_an_instruction_that_faults) {
    const struct murre_site sites[] = {
        {0, 5, MURRE_SITE_MEMORY},  {10, 7, MURRE_SITE_CALL},  {10, 9, MURRE_SITE_MEMORY},
        {11, 3, MURRE_SITE_CALLEE}, {20, 4, MURRE_SITE_LEAVE},
    };
    check(sites, 5);
}

Test(site, no_table_has_no_site) {
    struct murre_site site;
    cr_expect_not(murre_sites_find_call(NULL, 0, &site));
    cr_expect_not(murre_sites_find_fault(NULL, 0, &site));
    cr_expect_eq(murre_sites_size(NULL), 0);
}
