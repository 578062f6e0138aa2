/* The printer from a host's side: pieces of text, a writer that refuses, memory that fails. What the text is, tests/text shows. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "support/build.h"
#include "text/print.h"

/* With names of functions, locals, labels and fields, of which some occur twice, a block and an if. */
static struct builder sample(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x5f, 2, 0x7f, 0, 0x7f, 1);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 0);
    build_section(&b, SECTION_CODE);
    build(&b, 2);
    for (int i = 0; i < 2; i++) {
        build_body(&b);
        build(&b, 1, 2, 0x7f, 0x02, 0x40, 0x20, 0, 0x04, 0x40, 0x0c, 1, 0x0b, 0x0b, 0x20, 1, 0x20, 2, 0x6a, 0x10, 0, 0x0b);
        build_close(&b);
    }
    build_close(&b);
    build_section(&b, SECTION_CUSTOM);
    build_name(&b, "name");
    build(&b, 1, 7, 2, 0, 1, 'f', 1, 1, 'f');
    build(&b, 2, 13, 1, 1, 3, 0, 1, 'x', 1, 1, 'x', 2, 2, 'y', ' ');
    build(&b, 3, 9, 1, 1, 2, 0, 1, 'l', 1, 1, 'l');
    build(&b, 10, 9, 1, 1, 2, 0, 1, 'a', 1, 1, 'b');
    build_close(&b);
    return b;
}

static const char wanted[] = "(module\n"
                             "  (type (;0;) (func (param i32) (result i32)))\n"
                             "  (type (;1;) (struct (field $a i32) (field $b (mut i32))))\n"
                             "  (func $f (;0;) (type 0) (param i32) (result i32)\n"
                             "    (local i32 i32)\n"
                             "    block ;; label = @1\n"
                             "      local.get 0\n"
                             "      if ;; label = @2\n"
                             "        br 1 (;@1;)\n"
                             "      end\n"
                             "    end\n"
                             "    local.get 1\n"
                             "    local.get 2\n"
                             "    i32.add\n"
                             "    call $f\n"
                             "  )\n"
                             "  (func $\"#func1 f\" (@name \"f\") (;1;) (type 0) (param $x i32) (result i32)\n"
                             "    (local $\"#local1 x\" (@name \"x\") i32) (local $\"y \" i32)\n"
                             "    block $l\n"
                             "      local.get $x\n"
                             "      if $\"#label1 l\" (@name \"l\")\n"
                             "        br $l\n"
                             "      end\n"
                             "    end\n"
                             "    local.get $\"#local1 x\"\n"
                             "    local.get $\"y \"\n"
                             "    i32.add\n"
                             "    call $f\n"
                             "  )\n"
                             ")\n";

struct text {
    char data[4096];
    size_t size;
};

static bool collect(void *context, const char *data, size_t size) {
    struct text *text = context;
    cr_assert_lt(text->size + size, sizeof text->data);
    memcpy(text->data + text->size, data, size);
    text->size += size;
    return true;
}

static bool refuse(void *context, const char *data, size_t size) {
    (void)data;
    (void)size;
    ++*(int *)context;
    return false;
}

Test(print, names_are_unique_in_their_index_space) {
    struct builder b = sample();
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct text text = {.size = 0};
    struct murre_error error;
    cr_assert_eq(murre_binary_to_text(engine, b.bytes, b.size, 0, collect, &text, &error), MURRE_OK);
    text.data[text.size] = '\0';
    cr_assert_str_eq(text.data, wanted, "got:\n%s", text.data);
    murre_engine_unref(engine);
    build_free(&b);
}

Test(print, a_writer_that_refuses_ends_it) {
    struct builder b = sample();
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_error error;
    int calls = 0;
    cr_assert_eq(murre_binary_to_text(engine, b.bytes, b.size, 0, refuse, &calls, &error), MURRE_ERROR_ARGUMENT);
    cr_assert_eq(error.status, MURRE_ERROR_ARGUMENT);
    cr_assert_eq(calls, 1);
    cr_assert_eq(murre_binary_to_text(engine, NULL, 0, 0, refuse, &calls, NULL), MURRE_ERROR_MALFORMED);
    murre_engine_unref(engine);
    build_free(&b);
}

/* ---- memory ---- */

struct shortage {
    int left, alive;
};

static void *short_alloc(void *context, size_t size) {
    struct shortage *s = context;
    void *block = s->left-- > 0 ? malloc(size) : NULL;
    s->alive += block != NULL;
    return block;
}
static void *short_realloc(void *context, void *old, size_t old_size, size_t size) {
    struct shortage *s = context;
    (void)old_size;
    return s->left-- > 0 ? realloc(old, size) : NULL;
}
static void short_free(void *context, void *block, size_t size) {
    struct shortage *s = context;
    (void)size;
    s->alive--;
    free(block);
}

Test(print, any_allocation_may_fail) {
    struct builder b = sample();
    for (uint32_t flags = 0; flags <= (MURRE_PRINT_OFFSETS | MURRE_PRINT_FOLDED); flags++) {
        enum murre_status status = MURRE_ERROR_MEMORY;
        for (int allocations = 0; status != MURRE_OK; allocations++) {
            struct shortage shortage = {.left = allocations};
            struct murre_allocator allocator = {short_alloc, short_realloc, short_free, &shortage};
            struct text text = {.size = 0};
            struct murre_error error = {.status = MURRE_OK};
            status = murre_text_print(b.bytes, b.size, flags, &allocator, collect, &text, &error);
            cr_assert(status == MURRE_OK || (status == MURRE_ERROR_MEMORY && error.status == status), "%d allocations: %d", allocations,
                      status);
            cr_assert_eq(shortage.alive, 0);
            cr_assert_lt(allocations, 200);
        }
    }
    build_free(&b);
}
