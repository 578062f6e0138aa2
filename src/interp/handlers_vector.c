/* Handlers: vectors (4.3.6, 4.4.3, and accesses of memory 0). A vector lies in two slots, not aligned; the accumulators hold none. The meaning of the
 * instructions is in runtime/vector.def. */
#include "interp/handler.h"
#include "runtime/vector.h"

#define V(slot)            murre_v128_load(&fp[slot])
#define PUT(value)         murre_v128_store(&fp[pc->a], value)
#define NUMBER(type, slot) (fp[slot].type)

/* A number as a result, in its slot and its accumulator. */
#define PUT_u32(value) (acc = (uint32_t)(value), fp[pc->a].u64 = acc)
#define PUT_i32(value) PUT_u32(value)
#define PUT_u64(value) (acc = (value), fp[pc->a].u64 = acc)
#define PUT_f32(value) (accf = (value), fp[pc->a].u64 = murre_f32_bits(accf))
#define PUT_f64(value) (accd = (value), fp[pc->a].f64 = accd)

#define VECTOR_UNARY(id, expr)            \
    LONE_HANDLER(id) {                    \
        PUT(murre_vector_##id(V(pc->b))); \
        MUSTTAIL return DISPATCH(pc + 1); \
    }
#define VECTOR_BINARY(id, expr)                     \
    LONE_HANDLER(id) {                              \
        PUT(murre_vector_##id(V(pc->b), V(pc->c))); \
        MUSTTAIL return DISPATCH(pc + 1);           \
    }
#define VECTOR_TERNARY(id, expr)                                  \
    LONE_HANDLER(id) {                                            \
        PUT(murre_vector_##id(V(pc->b), V(pc->c), V(pc[1].low))); \
        MUSTTAIL return DISPATCH(pc + 2);                         \
    }
#define VECTOR_SHIFT(id, expr)                                \
    LONE_HANDLER(id) {                                        \
        PUT(murre_vector_##id(V(pc->b), NUMBER(u32, pc->c))); \
        MUSTTAIL return DISPATCH(pc + 1);                     \
    }
#define VECTOR_TEST(id, expr)                 \
    LONE_HANDLER(id) {                        \
        PUT_u32(murre_vector_##id(V(pc->b))); \
        MUSTTAIL return DISPATCH(pc + 1);     \
    }
#define VECTOR_SPLAT(id, type, expr)                 \
    LONE_HANDLER(id) {                               \
        PUT(murre_vector_##id(NUMBER(type, pc->b))); \
        MUSTTAIL return DISPATCH(pc + 1);            \
    }
/* The lane is read where it lies: a lane of a register can only be named by a constant. */
#define VECTOR_EXTRACT(id, type, lanes)                                                           \
    LONE_HANDLER(id) {                                                                            \
        PUT_##type((__typeof__(fp->type))((const struct lane_##lanes *)&fp[pc->b])[pc->c].value); \
        MUSTTAIL return DISPATCH(pc + 1);                                                         \
    }
#define VECTOR_REPLACE(id, type, lanes)                                                                          \
    LONE_HANDLER(id) {                                                                                           \
        const V_TYPE_##type n = NUMBER(type, pc->c);                                                             \
        PUT(V(pc->b));                                                                                           \
        ((struct lane_##lanes *)&fp[pc->a])[pc[1].low].value = (__typeof__(((struct lane_##lanes *)0)->value))n; \
        MUSTTAIL return DISPATCH(pc + 2);                                                                        \
    }
#define LANE(lanes)                                          \
    struct lane_##lanes {                                    \
        __typeof__(((union murre_v128 *)0)->lanes[0]) value; \
    } __attribute__((packed, may_alias));
LANE(i8)
LANE(u8)
LANE(i16)
LANE(u16)
LANE(u32)
LANE(u64)
LANE(f32)
LANE(f64)
/* ---- memory 0 ----------------------------------------------------------------------------------------------------------- */

#define IS_BEYOND(size) UNLIKELY(address + (size) > memory_size)
#define MAKE_LOAD(name, id, size, effective, words)  \
    LONE_HANDLER(name) {                             \
        const uint64_t address = effective;          \
        if (IS_BEYOND(size))                         \
            MUSTTAIL return GO(TRAP(MEMORY_BOUNDS)); \
        PUT(murre_vector_##id(memory + address));    \
        MUSTTAIL return DISPATCH(pc + words);        \
    }
#define LOAD_FORMS(id, size)                                             \
    MAKE_LOAD(id##_R, id, size, (uint64_t)NUMBER(u32, pc->b) + pc->c, 1) \
    MAKE_LOAD(id##_RX, id, size, NUMBER(u32, pc->b) + pc[1].u64, 2)
#define VECTOR_LOAD(id, mem, expr) LOAD_FORMS(id, sizeof(V_TYPE_##mem))
#define VECTOR_LOAD_LANE(id, lanes)                                                        \
    LONE_HANDLER(id) {                                                                     \
        const uint64_t address = (uint64_t)NUMBER(u32, pc->b) + pc[1].low;                 \
        if (IS_BEYOND(sizeof(V_TYPE_##lanes)))                                             \
            MUSTTAIL return GO(TRAP(MEMORY_BOUNDS));                                       \
        const V_TYPE_##lanes n = ((const struct lane_##lanes *)(memory + address))->value; \
        PUT(V(pc->c));                                                                     \
        ((struct lane_##lanes *)&fp[pc->a])[pc[1].high].value = n;                         \
        MUSTTAIL return DISPATCH(pc + 2);                                                  \
    }
#define VECTOR_STORE_LANE(id, lanes)                                                                                      \
    LONE_HANDLER(id) {                                                                                                    \
        const uint64_t address = (uint64_t)NUMBER(u32, pc->a) + pc[1].low;                                                \
        if (IS_BEYOND(sizeof(V_TYPE_##lanes)))                                                                            \
            MUSTTAIL return GO(TRAP(MEMORY_BOUNDS));                                                                      \
        ((struct lane_##lanes *)(memory + address))->value = ((const struct lane_##lanes *)&fp[pc->b])[pc[1].high].value; \
        MUSTTAIL return DISPATCH(pc + 2);                                                                                 \
    }
#include "runtime/vector.def"

LOAD_FORMS(V128_LOAD, 16) LONE_HANDLER(V128_STORE_RR) {
    const uint64_t address = (uint64_t)NUMBER(u32, pc->a) + pc->c;
    if (IS_BEYOND(16))
        MUSTTAIL return GO(TRAP(MEMORY_BOUNDS));
    murre_v128_store(memory + address, V(pc->b));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(V128_STORE_RX) {
    const uint64_t address = NUMBER(u32, pc->a) + pc[1].u64;
    if (IS_BEYOND(16))
        MUSTTAIL return GO(TRAP(MEMORY_BOUNDS));
    murre_v128_store(memory + address, V(pc->b));
    MUSTTAIL return DISPATCH(pc + 2);
}

/* ---- moves -------------------------------------------------------------------------------------------------------------- */

LONE_HANDLER(COPY_V) {
    PUT(V(pc->b));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(CONST_V) {
    PUT(murre_v128_load(pc + 1));
    MUSTTAIL return DISPATCH(pc + 3);
}
LONE_HANDLER(SELECT_V) {
    PUT(V((uint32_t)acc != 0 ? pc->b : pc->c));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(I8X16_SHUFFLE) {
    PUT(murre_v128_shuffle(V(pc->b), V(pc->c), (const uint8_t *)(pc + 1)));
    MUSTTAIL return DISPATCH(pc + 3);
}

#define GLOBAL()        ((char *)store->stack.instance + pc->bc)
#define GLOBAL_IMPORT() (*(char **)((char *)store->stack.instance + pc->bc))
LONE_HANDLER(GLOBAL_GET_V) {
    PUT(murre_v128_load(GLOBAL()));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(GLOBAL_GET_IMPORT_V) {
    PUT(murre_v128_load(GLOBAL_IMPORT()));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(GLOBAL_SET_V) {
    murre_v128_store(GLOBAL(), V(pc->a));
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(GLOBAL_SET_IMPORT_V) {
    murre_v128_store(GLOBAL_IMPORT(), V(pc->a));
    MUSTTAIL return DISPATCH(pc + 1);
}
