/* The foundations: allocation, arenas, errors, hashes, pages. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pages.h"

static const struct murre_allocator *const libc = &murre_allocator_libc;

Test(base, arrays_are_zeroed_and_sizes_cannot_overflow) {
    uint8_t *block = murre_alloc_array(libc, 100, 8);
    cr_assert_not_null(block);
    for (int i = 0; i < 800; i++)
        cr_assert_eq(block[i], 0);
    murre_free(libc, block, 800);
    cr_assert_null(murre_alloc_array(libc, SIZE_MAX / 8 + 2, 8));
    void *empty = murre_alloc(libc, 0);
    cr_assert_not_null(empty);
    murre_free(libc, empty, 0);
    murre_free(libc, NULL, 10);
}

Test(base, arenas_keep_blocks_apart_and_aligned) {
    struct murre_arena arena;
    murre_arena_init(&arena, libc);
    enum { COUNT = 2000 };
    static uint8_t *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = murre_arena_alloc(&arena, i);
        cr_assert_not_null(blocks[i]);
        cr_assert_eq((uintptr_t)blocks[i] % 8, 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_eq(blocks[i][j], (uint8_t)i);
    cr_assert_not_null(murre_arena_alloc(&arena, 3 << 20));
    cr_assert_geq(arena.total, (size_t)3 << 20);
    cr_assert_null(murre_arena_alloc(&arena, SIZE_MAX));
    cr_assert_null(murre_arena_alloc(&arena, SIZE_MAX - 16));
    murre_arena_reset(&arena);
    cr_assert_not_null(murre_arena_alloc(&arena, 10));
    murre_arena_fini(&arena);
    cr_assert_eq(arena.total, 0);
}

Test(base, the_first_description_of_an_error_stays) {
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_eq(murre_error_set(&error, MURRE_ERROR_LINK, 7, "first %d", 1), MURRE_ERROR_LINK);
    cr_assert_eq(murre_error_set(&error, MURRE_ERROR_TRAP, 8, "second"), MURRE_ERROR_TRAP);
    cr_assert_eq(error.status, MURRE_ERROR_LINK);
    cr_assert_eq(error.offset, 7);
    cr_assert_str_eq(error.message, "first 1");
    cr_assert_eq(murre_error_memory(NULL), MURRE_ERROR_MEMORY);
    murre_error_clear(&error);
    cr_assert_eq(error.status, MURRE_OK);
    cr_assert_eq(error.offset, MURRE_NO_OFFSET);
    char words[1000];
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = 0;
    murre_error_set(&error, MURRE_ERROR_IO, 0, "%s", words);
    cr_assert_eq(strlen(error.message), sizeof error.message - 1);
}

static struct murre_name name_of(const char *text) {
    return (struct murre_name){text, strlen(text)};
}

Test(base, quoted_names_are_short_and_harmless) {
    cr_assert_str_eq(murre_quote(name_of("")).text, "\"\"");
    cr_assert_str_eq(murre_quote(name_of("füße")).text, "\"füße\"");
    cr_assert_str_eq(murre_quote(name_of("a\033[2J\177b\n")).text, "\"a?[2J?b?\"");
    cr_assert_str_eq(murre_quote(name_of("a\xc2\x9b"
                                         "2J\xc2\xa0"))
                         .text,
                     "\"a?2J\xc2\xa0\"");
    cr_assert_str_eq(murre_quote((struct murre_name){"a\0b", 3}).text, "\"a?b\"");
    cr_assert_str_eq(murre_quote((struct murre_name){"\xc2", 1}).text, "\"\xc2\"");
    cr_assert_str_eq(murre_quote(name_of("a\u200b\u202e\u2066\ufeff\U000e0041z")).text, "\"a?????z\"");
    /* Wherever the cut falls, whole characters are left. */
    for (size_t lead = 0; lead < 4; lead++) {
        char text[200];
        memset(text, 'x', lead);
        for (size_t at = lead; at + 3 < sizeof text; at += 3)
            memcpy(text + at, "\xe2\x82\xac", 3);
        struct murre_quoted quoted = murre_quote((struct murre_name){text, lead + 150});
        size_t size = strlen(quoted.text);
        cr_assert_lt(size, sizeof quoted.text);
        cr_assert_str_eq(quoted.text + size - 4, "\xe2\x80\xa6\"");
        cr_assert_eq((size - 5 - lead) % 3, 0);
    }
}

Test(base, hashes_depend_on_every_byte_the_size_and_the_seed) {
    uint8_t data[64] = {0};
    uint64_t seed = murre_hash_seed();
    uint64_t first = murre_hash(seed, data, sizeof data);
    cr_assert_eq(murre_hash(seed, data, sizeof data), first);
    cr_assert_neq(murre_hash(seed + 2, data, sizeof data), first);
    for (size_t i = 0; i < sizeof data; i++) {
        cr_assert_neq(murre_hash(seed, data, i), first);
        data[i] ^= 1;
        cr_assert_neq(murre_hash(seed, data, sizeof data), first);
        data[i] ^= 1;
    }
}

/* Numbers as keys spread over the low bits, which tables use. */
Test(base, hashes_fill_tables_evenly) {
    enum { BUCKETS = 1024, KEYS = 8 * BUCKETS };
    static unsigned counts[BUCKETS];
    uint64_t seed = murre_hash_seed();
    for (uint32_t i = 0; i < KEYS; i++)
        counts[murre_hash(seed, &i, sizeof i) % BUCKETS]++;
    for (int i = 0; i < BUCKETS; i++)
        cr_assert_lt(counts[i], 40);
}

Test(base, populating_pages_changes_nothing) {
    enum { SIZE = 1 << 20 };
    char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    memory[5000] = 7;
    murre_pages_populate(memory + 100, SIZE - 200);
    murre_pages_populate(memory + 100, 10);
    for (int i = 0; i < SIZE; i++)
        cr_assert_eq(memory[i], i == 5000 ? 7 : 0);
    munmap(memory, SIZE);
    murre_pages_populate(memory, SIZE); /* gone: no harm */
}
