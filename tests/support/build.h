/* Assembling modules in tests, byte by byte. A builder grows as needed; a failed allocation ends the test. Release with build_free. */
#ifndef MURRE_TESTS_BUILD_H
#define MURRE_TESTS_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "murre.h"
#include "support/sanitizer.h"

enum section {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
};

struct builder {
    uint8_t *bytes;
    size_t size, capacity;
    size_t open[4]; /* where the sizes of the open section and body are */
    unsigned depth;
};

/* An empty module: magic and version. */
struct builder build_module(void);
void build_free(struct builder *b);
void build_raw(struct builder *b, const void *data, size_t size);
/* build(b, 0x41, 0x00, 0x0b) */
#define build(b, ...) build_raw(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
void build_u32(struct builder *b, uint32_t value);
void build_s64(struct builder *b, int64_t value); /* also i32 */
void build_name(struct builder *b, const char *name);
/* A section's id, or a function's body: its size is filled in by build_close. */
void build_section(struct builder *b, enum section id);
void build_body(struct builder *b);
void build_close(struct builder *b);

/* A section of ready bytes. */
#define build_whole(b, id, ...) (build_section(b, id), build(b, __VA_ARGS__), build_close(b))

/* An engine of the given tier and bounds that validates at load; ends the test when there is none. */
struct murre_engine *test_engine(enum murre_tier tier, enum murre_bounds bounds);
/* Loads what was built, which must succeed, and frees the builder. */
struct murre_module *test_module(struct murre_engine *engine, struct builder *b);
/* The same, instantiated without imports. The module is released: the instance keeps it. */
struct murre_instance *test_instance(struct murre_store *store, struct builder *b);
struct murre_func *test_func(struct murre_instance *instance, const char *name);

/* Runs a body in every tier that this build has. */
#define FOR_EACH_TIER(tier) \
    for (enum murre_tier tier = MURRE_TIER_AUTO; tier <= (murre_has_compiler() ? MURRE_TIER_JIT : MURRE_TIER_INTERP); tier++)
#define FOR_EACH_BOUNDS(bounds) for (enum murre_bounds bounds = MURRE_BOUNDS_AUTO; bounds <= MURRE_BOUNDS_EXPLICIT; bounds++)

#endif
