/* See opcode.h. */
#include "wasm/opcode.h"

#include <stddef.h>

#include "murre.h"

enum { TYPE_NONE = 0, TYPE_I32 = MURRE_I32, TYPE_I64 = MURRE_I64, TYPE_F32 = MURRE_F32, TYPE_F64 = MURRE_F64, TYPE_V128 = MURRE_V128 };

const struct murre_op_info murre_op_info[MURRE_OP_COUNT] = {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) \
    [MURRE_OP_##id] = {prefix, MURRE_CLASS_##class, MURRE_IMM_##imm, TYPE_##result, TYPE_##operand, n, MURRE_FEATURE_##feature, code},
#include "wasm/opcodes.def"
#undef OP
};

const struct murre_op_facts murre_op_facts[MURRE_OP_COUNT] = {
#define COMPARISON(id, not, swap) [MURRE_OP_##id] = {.inverse = MURRE_OP_##not, .swapped = MURRE_OP_##swap},
#define COMMUTES(id)              [MURRE_OP_##id] = {.commutes = true},
#define SIGNED(id)                [MURRE_OP_##id] = {.is_signed = true},
#include "wasm/numeric.def"
};
_Static_assert(MURRE_OP_UNREACHABLE == 0, "no inverse");

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
/* Rows with a prefix all land on 0xff, which is no instruction. */
const uint16_t murre_op_by_byte[256] = {
    [0 ... 255] = MURRE_OP_COUNT,
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) \
    [(prefix) ? 0xff : (code)] = (prefix) ? MURRE_OP_COUNT : MURRE_OP_##id,
#include "wasm/opcodes.def"
#undef OP
};
/* Behind the prefixes 0xfb to 0xfe; rows without one land behind all of them. */
enum { FIRST_PREFIX = 0xfb, PREFIXES = 4, PREFIX_CODES = 0x150 };
static const uint16_t op_by_code[PREFIXES * PREFIX_CODES + 1] = {
    [0 ... PREFIXES * PREFIX_CODES] = MURRE_OP_COUNT,
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) \
    [(prefix) ? ((prefix)-FIRST_PREFIX) * PREFIX_CODES + (code) : PREFIXES * PREFIX_CODES] = MURRE_OP_##id,
#include "wasm/opcodes.def"
#undef OP
};
#pragma GCC diagnostic pop
_Static_assert(MURRE_OP_COUNT < UINT16_MAX, "an opcode fits 16 bits");
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) \
    _Static_assert((prefix) ? (prefix) >= FIRST_PREFIX && (code) < PREFIX_CODES : (code) < 256, name " has its place in the tables");
#include "wasm/opcodes.def"
#undef OP

uint16_t murre_op_by_prefix(uint8_t prefix, uint32_t code) {
    if (prefix == 0)
        return code < 256 ? murre_op_by_byte[code] : (uint16_t)MURRE_OP_COUNT;
    return code < PREFIX_CODES && prefix >= FIRST_PREFIX && prefix < FIRST_PREFIX + PREFIXES
               ? op_by_code[(prefix - FIRST_PREFIX) * PREFIX_CODES + code]
               : (uint16_t)MURRE_OP_COUNT;
}

/* One string after the other, and where each starts. */
static const struct {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) char id[sizeof name];
#include "wasm/opcodes.def"
#undef OP
} op_names = {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) .id = name,
#include "wasm/opcodes.def"
#undef OP
};
static const uint16_t op_name_offsets[MURRE_OP_COUNT] = {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) [MURRE_OP_##id] = (uint16_t)offsetof(__typeof__(op_names), id),
#include "wasm/opcodes.def"
#undef OP
};
_Static_assert(sizeof op_names <= UINT16_MAX, "the offsets of names fit 16 bits");

const char *murre_op_name(enum murre_op op) {
    return (const char *)&op_names + op_name_offsets[op];
}

const char *murre_feature_name(enum murre_feature feature) {
    static const char names[MURRE_FEATURE_COUNT][26] = {
#define X(id, name) name,
        MURRE_FEATURES(X)
#undef X
    };
    return names[feature];
}
