/* Golden listings: every kind of immediate, names, nesting, and hostile or broken bodies. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"

static struct murre_engine *engine;

static void setup(void) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.deferred_validation = true;
    engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
}
static void teardown(void) {
    murre_engine_unref(engine);
}
TestSuite(disassemble, .init = setup, .fini = teardown);

struct text {
    char *data;
    size_t size;
    size_t lines;
};

static void collect(void *context, const char *line) {
    struct text *text = context;
    size_t size = strlen(line);
    text->data = realloc(text->data, text->size + size + 2);
    memcpy(text->data + text->size, line, size);
    memcpy(text->data + text->size + size, "\n", 2);
    text->size += size + 1;
    text->lines++;
}

static void expect(struct builder *b, uint32_t func, enum murre_status status, const char *wanted) {
    struct murre_module *module = test_module(engine, b);
    struct text text = {0};
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_eq(murre_module_disassemble(module, func, collect, &text, &error), status);
    cr_assert_str_eq(text.data, wanted, "got:\n%s\nwanted:\n%s", text.data, wanted);
    free(text.data);
    murre_module_unref(module);
}

/* Types (i32) → (i32), () → (), () → (i32 i64); one function of the first type whose body is locals and code. */
static struct builder with_body(const uint8_t *body, size_t size) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0, 0x60, 0, 2, 0x7f, 0x7e);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0, 1);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_CODE);
    build(&b, 1);
    build_body(&b);
    build_raw(&b, body, size);
    build_close(&b);
    build_close(&b);
    return b;
}
#define BODY(...) with_body((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

Test(disassemble, plain_instructions_and_locals) {
    struct builder b = BODY(2, 2, 0x7f, 1, 0x7c, 0x20, 0, 0x21, 1, 0x23, 5, 0x24, 6, 0x41, 0x7f, 0x42, 0xe5, 0x8e, 0x26, 0x6a, 0xa7, 0x45,
                            0xc0, 0x1a, 0x01, 0x0b);
    expect(&b, 0, MURRE_OK,
           "(func (;0;) (type 0) (param i32) (result i32)\n"
           "(;@44    ;)  (local i32 i32)\n"
           "(;@46    ;)  (local f64)\n"
           "(;@48    ;)  local.get 0\n"
           "(;@4a    ;)  local.set 1\n"
           "(;@4c    ;)  global.get 5\n"
           "(;@4e    ;)  global.set 6\n"
           "(;@50    ;)  i32.const -1\n"
           "(;@52    ;)  i64.const 624485\n"
           "(;@56    ;)  i32.add\n"
           "(;@57    ;)  i32.wrap_i64\n"
           "(;@58    ;)  i32.eqz\n"
           "(;@59    ;)  i32.extend8_s\n"
           "(;@5a    ;)  drop\n"
           "(;@5b    ;)  nop\n"
           ")\n");
}

Test(disassemble, blocks_are_indented_and_labels_resolved) {
    struct builder b =
        BODY(0, 0x02, 0x40, 0x03, 0x7f, 0x04, 2, 0x0c, 1, 0x05, 0x0d, 0, 0x0b, 0x0e, 2, 0, 1, 2, 0x0b, 0x0b, 0x0f, 0x00, 0x0b);
    expect(&b, 0, MURRE_OK,
           "(func (;0;) (type 0) (param i32) (result i32)\n"
           "(;@44    ;)  block ;; label = @1\n"
           "(;@46    ;)    loop (result i32) ;; label = @2\n"
           "(;@48    ;)      if (type 2) (result i32 i64) ;; label = @3\n"
           "(;@4a    ;)        br 1 (;@2;)\n"
           "(;@4c    ;)      else\n"
           "(;@4d    ;)        br_if 0 (;@3;)\n"
           "(;@4f    ;)      end\n"
           "(;@50    ;)      br_table 0 (;@2;) 1 (;@1;) 2\n"
           "(;@55    ;)    end\n"
           "(;@56    ;)  end\n"
           "(;@57    ;)  return\n"
           "(;@58    ;)  unreachable\n"
           ")\n");
}

Test(disassemble, calls_memory_tables_and_segments) {
    struct builder b =
        BODY(0, 0x10, 0, 0x11, 1, 0, 0x11, 1, 3, 0x28, 2, 0, 0x2d, 0, 16, 0x36, 0, 0x80, 8, 0x3f, 0, 0x40, 0, 0x1c, 1, 0x70, 0xd0, 0x6f,
             0xd2, 0, 0x25, 0, 0xfc, 8, 4, 0, 0xfc, 9, 4, 0xfc, 10, 0, 0, 0xfc, 11, 0, 0xfc, 12, 5, 1, 0xfc, 14, 1, 0, 0xfc, 16, 2, 0x0b);
    expect(&b, 0, MURRE_OK,
           "(func (;0;) (type 0) (param i32) (result i32)\n"
           "(;@44    ;)  call 0\n"
           "(;@46    ;)  call_indirect (type 1)\n"
           "(;@49    ;)  call_indirect 3 (type 1)\n"
           "(;@4c    ;)  i32.load\n"
           "(;@4f    ;)  i32.load8_u offset=16\n"
           "(;@52    ;)  i32.store offset=1024 align=1\n"
           "(;@56    ;)  memory.size\n"
           "(;@58    ;)  memory.grow\n"
           "(;@5a    ;)  select (result funcref)\n"
           "(;@5d    ;)  ref.null extern\n"
           "(;@5f    ;)  ref.func 0\n"
           "(;@61    ;)  table.get 0\n"
           "(;@63    ;)  memory.init 4\n"
           "(;@67    ;)  data.drop 4\n"
           "(;@6a    ;)  memory.copy\n"
           "(;@6e    ;)  memory.fill\n"
           "(;@71    ;)  table.init 1 5\n"
           "(;@75    ;)  table.copy 1 0\n"
           "(;@79    ;)  table.size 2\n"
           ")\n");
}

Test(disassemble, floats_keep_every_bit) {
    struct builder b =
        BODY(0, 0x43, 0, 0, 0xc0, 0x3f, 0x43, 1, 0, 0, 0x80, 0x43, 0, 0, 0xc0, 0x7f, 0x43, 1, 0, 0xa0, 0xff, 0x44, 0, 0, 0, 0, 0, 0, 0xf0,
             0x7f, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x44, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f, 0x0b);
    expect(&b, 0, MURRE_OK,
           "(func (;0;) (type 0) (param i32) (result i32)\n"
           "(;@44    ;)  f32.const 0x1.8p+0 (;=1.5;)\n"
           "(;@49    ;)  f32.const -0x1p-149 (;=-1.4012984643248171e-45;)\n"
           "(;@4e    ;)  f32.const nan\n"
           "(;@53    ;)  f32.const -nan:0x200001\n"
           "(;@58    ;)  f64.const inf\n"
           "(;@61    ;)  f64.const -0x0p+0 (;=-0;)\n"
           "(;@6a    ;)  f64.const 0x1.999999999999ap-4 (;=0.10000000000000001;)\n"
           ")\n");
}

Test(disassemble, features_that_are_not_built_in_are_listed_too) {
    struct builder b =
        BODY(1, 1, 0x7b, 0xfd, 0x0c, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0x80, 0xfd, 0x0d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
             12, 13, 14, 15, 0xfd, 0x00, 4, 8, 0xfd, 0x54, 0, 0, 3, 0xfd, 0x15, 7, 0xfd, 0xae, 1, 0xfe, 0x1e, 2, 0, 0xfe, 3, 0, 0x12, 0,
             0x28, 0x42, 1, 0, 0x1f, 0x40, 2, 0, 0, 0, 2, 0, 0x0b, 0xfb, 2, 0, 1, 0xfb, 0x16, 0x6b, 0xfb, 0x18, 1, 0, 0x6e, 0x6c, 0x0b);
    expect(&b, 0, MURRE_OK,
           "(func (;0;) (type 0) (param i32) (result i32)\n"
           "(;@44    ;)  (local v128)\n"
           "(;@46    ;)  v128.const i32x4 0x00000001 0x00000002 0x00000003 0x80000004\n"
           "(;@58    ;)  i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
           "(;@6a    ;)  v128.load offset=8\n"
           "(;@6e    ;)  v128.load8_lane 3\n"
           "(;@73    ;)  i8x16.extract_lane_s 7\n"
           "(;@76    ;)  i32x4.add\n"
           "(;@79    ;)  i32.atomic.rmw.add\n"
           "(;@7d    ;)  atomic.fence\n"
           "(;@80    ;)  return_call 0\n"
           "(;@82    ;)  i32.load 1\n"
           "(;@86    ;)  try_table (catch 0 0) (catch_all 0) ;; label = @1\n"
           "(;@8e    ;)  end\n"
           "(;@8f    ;)  struct.get 0 1\n"
           "(;@93    ;)  ref.cast struct\n"
           "(;@96    ;)  br_on_cast 0 any i31\n"
           ")\n");
}

Test(disassemble, names_come_from_the_name_section) {
    struct builder b = BODY(0, 0x0b);
    build_whole(&b, SECTION_CUSTOM, 4, 'n', 'a', 'm', 'e', 1, 7, 1, 0, 4, 'f', 'o', 'o', '!');
    expect(&b, 0, MURRE_OK, "(func $foo! (;0;) (type 0) (param i32) (result i32)\n)\n");
    struct builder c = BODY(0, 0x0b);
    build_whole(&c, SECTION_CUSTOM, 4, 'n', 'a', 'm', 'e', 1, 10, 1, 0, 7, 'a', ' ', '"', '\\', '\n', 0xc2, 0x9b);
    expect(&c, 0, MURRE_OK, "(func $\"a \\22\\5c\\0a\\c2\\9b\" (;0;) (type 0) (param i32) (result i32)\n)\n");
}

Test(disassemble, broken_bodies_end_in_an_error) {
    struct builder b = BODY(0, 0x01, 0xff, 0x0b);
    expect(&b, 0, MURRE_ERROR_MALFORMED, "(func (;0;) (type 0) (param i32) (result i32)\n(;@44    ;)  nop\n");
    struct builder c = BODY(0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b);
    expect(&c, 0, MURRE_ERROR_MALFORMED, "(func (;0;) (type 0) (param i32) (result i32)\n");
    struct builder d = BODY(0, 0x41, 0x80);
    expect(&d, 0, MURRE_ERROR_MALFORMED, "(func (;0;) (type 0) (param i32) (result i32)\n");
}

Test(disassemble, many_locals_and_labels_stay_short_or_grow) {
    struct builder b = BODY(1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b);
    expect(&b, 0, MURRE_OK, "(func (;0;) (type 0) (param i32) (result i32)\n(;@44    ;)  (local i32) ;; 4294967295 of them\n)\n");
    enum { LABELS = 10000 };
    uint8_t *body = malloc(LABELS + 8);
    memcpy(body, (const uint8_t[]){0, 0x0e, (LABELS & 0x7f) | 0x80, LABELS >> 7}, 4);
    memset(body + 4, 0, LABELS + 1);
    memcpy(body + 4 + LABELS + 1, (const uint8_t[]){0x0b}, 1);
    struct builder c = with_body(body, LABELS + 6);
    free(body);
    struct murre_module *module = test_module(engine, &c);
    struct text text = {0};
    cr_assert_eq(murre_module_disassemble(module, 0, collect, &text, NULL), MURRE_OK);
    cr_assert_eq(text.lines, 3);
    cr_assert_gt(text.size, 2 * LABELS);
    free(text.data);
    murre_module_unref(module);
}

Test(disassemble, imports_and_unknown_functions_are_refused) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 0, 0, 0, 0);
    struct murre_module *module = test_module(engine, &b);
    cr_assert_eq(murre_module_disassemble(module, 0, collect, NULL, NULL), MURRE_ERROR_ARGUMENT);
    cr_assert_eq(murre_module_disassemble(module, 1, collect, NULL, NULL), MURRE_ERROR_ARGUMENT);
    murre_module_unref(module);
}
