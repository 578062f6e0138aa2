/* See scan.h. An instruction's length follows from its first byte and from where its integers end, which can be computed from eight bytes without
 * branches (they would be hard to predict). This works for nearly all instructions of the first version; the others (prefixes, lists, types and
 * memories of other features, integers of eight bytes and more) are left to wasm/walk.h. Since each length depends on the one before, two bodies are
 * read at the same time. */
#include "wasm/scan.h"

#include <string.h>

#include "wasm/walk.h"

/* What the byte behind the opcode must not be, if it is to be short. */
enum check { CHECK_NOTHING, CHECK_MEMARG, CHECK_BLOCK, CHECK_ALL };

static void describe(struct murre_scan *scan, unsigned byte, enum murre_imm imm) {
    struct murre_scan_row *row = &scan->rows[byte];
    switch (imm) {
    case MURRE_IMM_NONE: break;
    case MURRE_IMM_LABEL:
    case MURRE_IMM_FUNC:
    case MURRE_IMM_LOCAL:
    case MURRE_IMM_GLOBAL:
    case MURRE_IMM_TABLE:
    case MURRE_IMM_TAG:
    case MURRE_IMM_TYPE:
    case MURRE_IMM_I32:
    case MURRE_IMM_I64: row->one = 1; break;
    case MURRE_IMM_MEMARG:
        row->one = row->two = 1;
        row->check = CHECK_MEMARG;
        break;
    case MURRE_IMM_BLOCK:
        row->one = 1;
        row->check = CHECK_BLOCK;
        break;
    case MURRE_IMM_F32: row->fixed = 4; break;
    case MURRE_IMM_F64: row->fixed = 8; break;
    default: row->check = CHECK_ALL; break;
    }
}

void murre_scan_init(struct murre_scan *scan) {
    *scan = (struct murre_scan){0};
    for (unsigned byte = 0; byte < 256; byte++) {
        uint16_t op = murre_op_by_byte[byte];
        if (op == MURRE_OP_COUNT) {
            scan->rows[byte].check = CHECK_ALL;
        } else {
            scan->rows[byte].features = murre_walk_op_features((enum murre_op)op);
            describe(scan, byte, (enum murre_imm)murre_op_info[op].imm);
        }
        scan->walks[CHECK_MEMARG][byte] = byte >= 0x20; /* more than an alignment */
        scan->walks[CHECK_BLOCK][byte] = byte != 0x40 && !(byte >= MURRE_F64 && byte <= MURRE_I32);
        scan->walks[CHECK_ALL][byte] = true;
    }
}

/* One instruction, read with all its immediates; the end where it is malformed. */
static __attribute__((noinline)) const uint8_t *walk(murre_features *features, const uint8_t *module, const uint8_t *next,
                                                     const uint8_t *end) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {module, next, end, &error};
    struct murre_instruction instruction;
    if (!murre_walk_next(&r, &instruction))
        return end;
    *features |= instruction.features;
    return r.next;
}

/* What is left of a body. */
struct lane {
    const uint8_t *next, *end;
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is in the lowest bits");
/* One instruction. Eight bytes may be read, which need not be the body's: where an integer reaches beyond it, next does, too. */
static inline __attribute__((always_inline)) murre_features step(const struct murre_scan *scan, const uint8_t *module, struct lane *lane) {
    uint64_t word;
    memcpy(&word, lane->next, sizeof word);
    const struct murre_scan_row *row = &scan->rows[(uint8_t)word];
    /* An integer's last byte has no top bit; the opcode counts as one. The lowest bit falls for each integer but the last. */
    uint64_t last = (~word | 0x80) & 0x8080808080808080;
    last &= last - row->one;
    last &= last - row->two;
    if (__builtin_expect(scan->walks[row->check][(uint8_t)(word >> 8)] | (last == 0), 0)) {
        murre_features features = row->features;
        lane->next = walk(&features, module, lane->next, lane->end);
        return features;
    }
    lane->next += (unsigned)__builtin_ctzll(last) / 8 + 1 + row->fixed;
    return row->features;
}

static inline bool steps(const struct lane *lane, const uint8_t *limit) {
    return lane->next < lane->end && limit - lane->next >= (ptrdiff_t)sizeof(uint64_t);
}

static murre_features finish(const struct murre_scan *scan, const uint8_t *module, struct lane *lane, const uint8_t *limit) {
    murre_features features = 0;
    while (steps(lane, limit))
        features |= step(scan, module, lane);
    while (lane->next < lane->end)
        lane->next = walk(&features, module, lane->next, lane->end);
    return features;
}

/* Reads the locals. */
static murre_features begin(struct lane *lane, const uint8_t *module, const uint8_t *start, const uint8_t *end) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {module, start, end, &error};
    murre_features features = 0;
    *lane = (struct lane){end, end};
    for (uint32_t groups = murre_read_u32(&r); groups; groups--) {
        uint32_t count;
        struct murre_walk_type type;
        if (!murre_walk_locals(&r, &count, &type))
            return features;
        features |= murre_walk_type_features(type);
    }
    if (murre_reader_ok(&r))
        lane->next = r.next;
    return features;
}

murre_features murre_scan_body(const struct murre_scan *scan, const uint8_t *module, const uint8_t *start, const uint8_t *end,
                               const uint8_t *limit) {
    struct lane lane;
    murre_features features = begin(&lane, module, start, end);
    return features | finish(scan, module, &lane, limit);
}

murre_features murre_scan_bodies(const struct murre_module_info *info, murre_features stop_at) {
    const uint8_t *module = info->bytes, *limit = module + info->size;
    struct murre_scan scan;
    struct lane lanes[2] = {{limit, limit}, {limit, limit}};
    murre_features features = 0;
    murre_scan_init(&scan);
    for (uint32_t i = info->func_import_count; i < info->func_count && !(features & stop_at); i++) {
        /* Into the lane that is free; the other one may be in the middle of a body. */
        unsigned lane = steps(&lanes[0], limit);
        uint32_t start, end;
        features |= finish(&scan, module, &lanes[lane], limit); /* at the end of the module bytes may be left */
        murre_module_body(info, i, &start, &end);
        features |= begin(&lanes[lane], module, module + start, module + end);
        while (steps(&lanes[0], limit) && steps(&lanes[1], limit)) {
            features |= step(&scan, module, &lanes[0]);
            features |= step(&scan, module, &lanes[1]);
        }
    }
    return features | finish(&scan, module, &lanes[0], limit) | finish(&scan, module, &lanes[1], limit);
}

/* ---- target features ---- */

static murre_features target_feature(struct murre_name name) {
#define FEATURE(id) ((murre_features)1 << MURRE_FEATURE_##id)
    static const struct {
        char name[20];
        murre_features features;
    } known[] = {
        {"atomics", FEATURE(ATOMICS) | FEATURE(THREADS)},
        {"bulk-memory", FEATURE(BULK_MEMORY)},
        {"exception-handling", FEATURE(EXCEPTIONS) | FEATURE(LEGACY_EXCEPTIONS)},
        {"extended-const", FEATURE(EXTENDED_CONST)},
        {"fp16", FEATURE(HALF_PRECISION)},
        {"gc", FEATURE(GC) | FEATURE(FUNCTION_REFERENCES)},
        {"memory64", FEATURE(MEMORY64)},
        {"multimemory", FEATURE(MULTI_MEMORY)},
        {"multivalue", FEATURE(MULTI_VALUE)},
        {"mutable-globals", FEATURE(MUTABLE_GLOBALS)},
        {"nontrapping-fptoint", FEATURE(SATURATING_CONVERSION)},
        {"reference-types", FEATURE(REFERENCE_TYPES)},
        {"relaxed-simd", FEATURE(SIMD) | FEATURE(RELAXED_SIMD)},
        {"shared-everything", FEATURE(SHARED_EVERYTHING)},
        {"sign-ext", FEATURE(SIGN_EXTENSION)},
        {"simd128", FEATURE(SIMD)},
        {"tail-call", FEATURE(TAIL_CALL)},
        {"wide-arithmetic", FEATURE(WIDE_ARITHMETIC)},
    };
#undef FEATURE
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == name.size && memcmp(known[i].name, name.data, name.size) == 0)
            return known[i].features;
    return 0;
}

murre_features murre_scan_target_features(const struct murre_module_info *info) {
    struct murre_error ignored = {.status = MURRE_OK};
    const uint8_t *start = info->bytes + info->target_offset;
    struct murre_reader r = {info->bytes, start, start + info->target_size, &ignored};
    murre_features features = 0;
    for (uint32_t left = info->target_size ? murre_read_u32(&r) : 0; left && murre_reader_ok(&r); left--) {
        uint8_t prefix = murre_read_byte(&r);
        struct murre_name name = murre_read_name(&r);
        if (prefix == '+' || prefix == '=')
            features |= target_feature(name);
    }
    return features;
}
