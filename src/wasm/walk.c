/* See walk.h. Immediates are of the binary format, 5.4. */
#include "wasm/walk.h"

enum { MEMARG_HAS_MEMORY = 0x40 }; /* multi-memory: bit 6 of the alignment */

uint32_t murre_walk_begin(struct murre_reader *r, const struct murre_module_info *info, uint32_t func_index, struct murre_error *error) {
    uint32_t start, end;
    murre_module_body(info, func_index, &start, &end);
    *r = (struct murre_reader){info->bytes, info->bytes + start, info->bytes + end, error};
    return murre_read_u32(r);
}

struct murre_walk_type murre_walk_type(struct murre_reader *r) {
    struct murre_walk_type type = {.code = murre_read_byte(r)};
    if (type.code == MURRE_WALK_REF || type.code == MURRE_WALK_REF_NULL)
        type.heap = murre_read_s33(r);
    return type;
}

bool murre_walk_locals(struct murre_reader *r, uint32_t *count, struct murre_walk_type *type) {
    *count = murre_read_u32(r);
    *type = murre_walk_type(r);
    return murre_reader_ok(r);
}

static enum murre_op read_opcode(struct murre_reader *r) {
    uint8_t byte = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return MURRE_OP_COUNT;
    enum murre_op op = byte >= 0xfb && byte <= 0xfe ? murre_op_by_prefix(byte, murre_read_u32(r)) : murre_op_by_byte[byte];
    if (op == MURRE_OP_COUNT)
        murre_reader_fail(r, "illegal opcode");
    return op;
}

static void read_memarg(struct murre_reader *r, struct murre_instruction *i) {
    i->align = murre_read_u32(r);
    if (i->align & MEMARG_HAS_MEMORY)
        i->index[0] = murre_read_u32(r);
    i->align &= ~(uint32_t)MEMARG_HAS_MEMORY;
    i->bits = murre_read_u64(r);
}

/* Remembers where the list lies and passes over it. */
static void read_list(struct murre_reader *r, struct murre_instruction *i, void (*skip)(struct murre_reader *r)) {
    i->count = murre_read_count(r, 1, UINT32_MAX, "entries");
    i->list = r->next;
    for (uint32_t n = 0; n < i->count && murre_reader_ok(r); n++)
        skip(r);
}

static void skip_index(struct murre_reader *r) {
    murre_read_u32(r);
}
static void skip_type(struct murre_reader *r) {
    murre_walk_type(r);
}
/* A catch clause: kind; a tag but for the two that catch all; a label. */
static void skip_catch(struct murre_reader *r) {
    if (murre_read_byte(r) < 2)
        murre_read_u32(r);
    murre_read_u32(r);
}

static void read_immediates(struct murre_reader *r, struct murre_instruction *i) {
    switch ((enum murre_imm)murre_op_info[i->op].imm) {
    case MURRE_IMM_NONE: break;
    case MURRE_IMM_BLOCK: i->type = murre_read_s33(r); break;
    case MURRE_IMM_LABELS:
        read_list(r, i, skip_index);
        i->index[0] = murre_read_u32(r);
        break;
    case MURRE_IMM_LABEL:
    case MURRE_IMM_FUNC:
    case MURRE_IMM_LOCAL:
    case MURRE_IMM_GLOBAL:
    case MURRE_IMM_TABLE:
    case MURRE_IMM_MEMORY:
    case MURRE_IMM_DATA:
    case MURRE_IMM_ELEM:
    case MURRE_IMM_TAG:
    case MURRE_IMM_TYPE: i->index[0] = murre_read_u32(r); break;
    case MURRE_IMM_CALL_INDIRECT:
    case MURRE_IMM_DATA_MEMORY:
    case MURRE_IMM_MEMORY_MEMORY:
    case MURRE_IMM_ELEM_TABLE:
    case MURRE_IMM_TABLE_TABLE:
    case MURRE_IMM_TYPE_INDEX:
        i->index[0] = murre_read_u32(r);
        i->index[1] = murre_read_u32(r);
        break;
    case MURRE_IMM_REFTYPE: i->type = murre_read_s33(r); break;
    case MURRE_IMM_SELECT: read_list(r, i, skip_type); break;
    case MURRE_IMM_MEMARG: read_memarg(r, i); break;
    case MURRE_IMM_MEMARG_LANE:
        read_memarg(r, i);
        i->lane = murre_read_byte(r);
        break;
    case MURRE_IMM_I32: i->bits = (uint64_t)(int64_t)murre_read_s32(r); break;
    case MURRE_IMM_I64: i->bits = (uint64_t)murre_read_s64(r); break;
    case MURRE_IMM_F32: i->bits = murre_read_fixed32(r); break;
    case MURRE_IMM_F64: i->bits = murre_read_fixed64(r); break;
    case MURRE_IMM_LANE: i->lane = murre_read_byte(r); break;
    case MURRE_IMM_V128:
    case MURRE_IMM_SHUFFLE: i->list = murre_read_bytes(r, 16); break;
    case MURRE_IMM_CAST:
        i->lane = murre_read_byte(r);
        i->index[0] = murre_read_u32(r);
        i->index[1] = (uint32_t)murre_read_s33(r);
        i->type = murre_read_s33(r);
        break;
    case MURRE_IMM_TRY_TABLE:
        i->type = murre_read_s33(r);
        read_list(r, i, skip_catch);
        break;
    }
}

bool murre_walk_next(struct murre_reader *r, struct murre_instruction *instruction) {
    if (!murre_reader_left(r))
        return false;
    *instruction = (struct murre_instruction){.offset = murre_reader_offset(r)};
    instruction->op = read_opcode(r);
    if (instruction->op != MURRE_OP_COUNT)
        read_immediates(r, instruction);
    return murre_reader_ok(r);
}

void murre_walk_list(struct murre_reader *r, const struct murre_module_info *info, const struct murre_instruction *instruction,
                     struct murre_error *error) {
    *r = (struct murre_reader){info->bytes, instruction->list, info->bytes + info->size, error};
}

/* ---- features ---- */

#define FEATURE(id) ((murre_features)1 << MURRE_FEATURE_##id)

static murre_features features_of_type(struct murre_walk_type type) {
    switch (type.code) {
    case MURRE_I32:
    case MURRE_I64:
    case MURRE_F32:
    case MURRE_F64: return 0;
    case MURRE_V128: return FEATURE(SIMD);
    case MURRE_FUNCREF:
    case MURRE_EXTERNREF: return FEATURE(REFERENCE_TYPES);
    case MURRE_WALK_REF:
    case MURRE_WALK_REF_NULL: return FEATURE(FUNCTION_REFERENCES);
    case 0x69: return FEATURE(EXCEPTIONS); /* exnref */
    default: return FEATURE(GC);
    }
}

/* What the immediates add to the instruction's own feature. */
static murre_features features_of_immediates(const struct murre_instruction *i) {
    switch ((enum murre_imm)murre_op_info[i->op].imm) {
    case MURRE_IMM_BLOCK:
    case MURRE_IMM_TRY_TABLE: return i->type >= 0 ? FEATURE(MULTI_VALUE) : 0;
    case MURRE_IMM_CALL_INDIRECT: return i->index[1] ? FEATURE(REFERENCE_TYPES) : 0;
    case MURRE_IMM_MEMARG:
    case MURRE_IMM_MEMARG_LANE:
    case MURRE_IMM_MEMORY: return i->index[0] ? FEATURE(MULTI_MEMORY) : 0;
    case MURRE_IMM_DATA_MEMORY: return i->index[1] ? FEATURE(MULTI_MEMORY) : 0;
    case MURRE_IMM_MEMORY_MEMORY: return i->index[0] || i->index[1] ? FEATURE(MULTI_MEMORY) : 0;
    case MURRE_IMM_ELEM_TABLE: return i->index[1] ? FEATURE(REFERENCE_TYPES) : 0;
    case MURRE_IMM_TABLE_TABLE: return i->index[0] || i->index[1] ? FEATURE(REFERENCE_TYPES) : 0;
    default: return 0;
    }
}

static murre_features features_of_body(const struct murre_module_info *info, uint32_t func_index) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r;
    struct murre_instruction instruction;
    murre_features features = 0;
    uint32_t groups = murre_walk_begin(&r, info, func_index, &error);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count;
        struct murre_walk_type type;
        if (!murre_walk_locals(&r, &count, &type))
            return features;
        features |= features_of_type(type);
    }
    while (murre_walk_next(&r, &instruction))
        features |= (murre_features)1 << murre_op_info[instruction.op].feature | features_of_immediates(&instruction);
    return features;
}

murre_features murre_walk_features(const struct murre_module_info *info) {
    murre_features features = info->features;
    for (uint32_t i = info->func_import_count; i < info->func_count; i++)
        features |= features_of_body(info, i);
    return features;
}
