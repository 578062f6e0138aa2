/* A cursor over a module's bytes. Reading past the end or reading a malformed integer sets the error once and makes every later read return 0
 * without moving, so that callers may check once after several reads. Offsets are from the start of the module. */
#ifndef MURRE_WASM_READER_H
#define MURRE_WASM_READER_H

#include "base/error.h"

struct murre_reader {
    const uint8_t *start; /* of the module */
    const uint8_t *next;
    const uint8_t *end;        /* of what may be read */
    struct murre_error *error; /* never NULL */
};

static inline uint64_t murre_reader_offset(const struct murre_reader *r) {
    return (uint64_t)(r->next - r->start);
}
static inline size_t murre_reader_left(const struct murre_reader *r) {
    return (size_t)(r->end - r->next);
}
static inline bool murre_reader_ok(const struct murre_reader *r) {
    return r->error->status == MURRE_OK;
}

/* Sets MURRE_ERROR_MALFORMED at the cursor and exhausts the reader. */
void murre_reader_fail(struct murre_reader *r, const char *reason);
uint32_t murre_read_u32_slow(struct murre_reader *r);
int32_t murre_read_s32_slow(struct murre_reader *r);
int64_t murre_read_s64_slow(struct murre_reader *r);
int64_t murre_read_s33(struct murre_reader *r);
uint64_t murre_read_u64(struct murre_reader *r);
uint32_t murre_read_fixed32(struct murre_reader *r); /* four bytes, little endian */
uint64_t murre_read_fixed64(struct murre_reader *r);
/* A vector's length; fails when fewer than length * least bytes are left, or when it is over limit. */
uint32_t murre_read_count(struct murre_reader *r, uint32_t least, uint32_t limit, const char *what);
/* A name (5.2.4): checked to be UTF-8, borrowed from the module. */
struct murre_name murre_read_name(struct murre_reader *r);
/* The next size bytes, or NULL. */
const uint8_t *murre_read_bytes(struct murre_reader *r, size_t size);

static inline uint8_t murre_read_byte(struct murre_reader *r) {
    if (__builtin_expect(r->next == r->end, 0)) {
        murre_reader_fail(r, "unexpected end");
        return 0;
    }
    return *r->next++;
}
static inline uint32_t murre_read_u32(struct murre_reader *r) {
    if (__builtin_expect(r->next != r->end && *r->next < 0x80, 1))
        return *r->next++;
    return murre_read_u32_slow(r);
}
static inline int32_t murre_read_s32(struct murre_reader *r) {
    if (__builtin_expect(r->next != r->end && *r->next < 0x80, 1))
        return (int32_t)((uint32_t)*r->next++ << 25) >> 25;
    return murre_read_s32_slow(r);
}
static inline int64_t murre_read_s64(struct murre_reader *r) {
    if (__builtin_expect(r->next != r->end && *r->next < 0x80, 1))
        return (int64_t)((uint64_t)*r->next++ << 57) >> 57;
    return murre_read_s64_slow(r);
}

#endif
