/* See walk.h. Immediates are of the binary format, 5.4. */
#include "wasm/walk.h"

#include "wasm/types.h"

#define FEATURE(id) ((murre_features)1 << MURRE_FEATURE_##id)

/* Bits of a memarg's alignment: an index of a memory follows (multi-memory), an order of memory (shared-everything threads). */
enum { MEMARG_HAS_MEMORY = 0x40, MEMARG_HAS_ORDER = 0x20 };

uint32_t murre_walk_begin(struct murre_reader *r, const struct murre_module_info *info, uint32_t func_index, struct murre_error *error) {
    uint32_t start, end;
    murre_module_body(info, func_index, &start, &end);
    *r = (struct murre_reader){info->bytes, info->bytes + start, info->bytes + end, error};
    return murre_read_u32(r);
}

/* A heap type, with what stands in front of it. */
static int64_t read_heap(struct murre_reader *r, bool *exact, bool *shared) {
    uint8_t first = murre_reader_left(r) ? *r->next : 0;
    *exact = first == MURRE_HEAP_EXACT;
    *shared = first == MURRE_HEAP_SHARED;
    r->next += *exact || *shared;
    return *exact ? murre_read_u32(r) : murre_read_s33(r);
}

struct murre_walk_type murre_walk_type(struct murre_reader *r) {
    struct murre_walk_type type = {.code = murre_read_byte(r)};
    if (type.code == MURRE_WALK_REF || type.code == MURRE_WALK_REF_NULL) {
        type.heap = read_heap(r, &type.exact, &type.shared);
    } else if (type.code == MURRE_HEAP_SHARED) {
        type.shared = true;
        type.code = murre_read_byte(r);
    }
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
    if (i->align & MEMARG_HAS_MEMORY) {
        i->index[0] = murre_read_u32(r);
        i->features |= FEATURE(MULTI_MEMORY);
    }
    i->align &= ~(uint32_t)MEMARG_HAS_MEMORY;
    if (i->align & MEMARG_HAS_ORDER && murre_op_info[i->op].feature == MURRE_FEATURE_ATOMICS) {
        i->lane = murre_read_byte(r);
        i->align &= ~(uint32_t)MEMARG_HAS_ORDER;
        i->features |= FEATURE(SHARED_EVERYTHING);
    }
    i->bits = murre_read_u64(r);
}

/* Remembers where the list lies and passes over it. */
static void read_list(struct murre_reader *r, struct murre_instruction *i,
                      void (*skip)(struct murre_reader *r, struct murre_instruction *i)) {
    i->count = murre_read_count(r, 1, UINT32_MAX, "entries");
    i->list = r->next;
    for (uint32_t n = 0; n < i->count && murre_reader_ok(r); n++)
        skip(r, i);
}

static void skip_index(struct murre_reader *r, struct murre_instruction *i) {
    (void)i;
    murre_read_u32(r);
}
static void skip_type(struct murre_reader *r, struct murre_instruction *i) {
    i->features |= murre_walk_type_features(murre_walk_type(r));
}
/* A catch clause: kind; a tag but for the two that catch all; a label. */
static void skip_catch(struct murre_reader *r, struct murre_instruction *i) {
    (void)i;
    if (murre_read_byte(r) < 2)
        murre_read_u32(r);
    murre_read_u32(r);
}
/* A handler of suspensions: kind; a tag; a label but for the one that switches. */
static void skip_handler(struct murre_reader *r, struct murre_instruction *i) {
    (void)i;
    uint8_t kind = murre_read_byte(r);
    murre_read_u32(r);
    if (kind == 0)
        murre_read_u32(r);
}

static void read_block_type(struct murre_reader *r, struct murre_instruction *i) {
    uint8_t first = murre_reader_left(r) ? *r->next : 0;
    if (first == MURRE_WALK_REF || first == MURRE_WALK_REF_NULL || first == MURRE_HEAP_SHARED) {
        i->result = murre_walk_type(r);
        i->type = (int64_t)i->result.code - 128;
    } else {
        i->type = murre_read_s33(r);
        i->result.code = i->type < 0 ? (uint8_t)(i->type + 128) : 0;
    }
    if (i->type >= 0)
        i->features |= FEATURE(MULTI_VALUE);
    else if (i->result.code != 0x40)
        i->features |= murre_walk_type_features(i->result);
}

static int64_t read_heap_type(struct murre_reader *r, struct murre_instruction *i) {
    struct murre_walk_type type = {.code = MURRE_WALK_REF_NULL};
    type.heap = read_heap(r, &type.exact, &type.shared);
    bool plain = type.heap == MURRE_FUNCREF - 128 || type.heap == MURRE_EXTERNREF - 128;
    if (!plain || type.shared)
        i->features |= murre_walk_type_features(type) & ~(type.heap < 0 ? FEATURE(FUNCTION_REFERENCES) : 0);
    return type.heap;
}

static void read_pair(struct murre_reader *r, struct murre_instruction *i, bool first_matters, bool second_matters,
                      murre_features features) {
    i->index[0] = murre_read_u32(r);
    i->index[1] = murre_read_u32(r);
    if ((first_matters && i->index[0]) || (second_matters && i->index[1]))
        i->features |= features;
}

static void read_labels(struct murre_reader *r, struct murre_instruction *i) {
    read_list(r, i, skip_index);
    i->index[0] = murre_read_u32(r);
}

static void read_memory(struct murre_reader *r, struct murre_instruction *i) {
    i->index[0] = murre_read_u32(r);
    i->features |= i->index[0] ? FEATURE(MULTI_MEMORY) : 0;
}

static void read_cast(struct murre_reader *r, struct murre_instruction *i) {
    i->lane = murre_read_byte(r);
    i->index[0] = murre_read_u32(r);
    i->index[1] = (uint32_t)read_heap_type(r, i);
    i->type = read_heap_type(r, i);
}

static void read_try_table(struct murre_reader *r, struct murre_instruction *i) {
    read_block_type(r, i);
    read_list(r, i, skip_catch);
}

static void read_handlers(struct murre_reader *r, struct murre_instruction *i, bool has_tag) {
    i->index[0] = murre_read_u32(r);
    if (has_tag)
        i->index[1] = murre_read_u32(r);
    read_list(r, i, skip_handler);
}

static void read_immediates(struct murre_reader *r, struct murre_instruction *i) {
    switch ((enum murre_imm)murre_op_info[i->op].imm) {
    case MURRE_IMM_NONE: break;
    case MURRE_IMM_BLOCK: read_block_type(r, i); break;
    case MURRE_IMM_LABELS: read_labels(r, i); break;
    case MURRE_IMM_LABEL:
    case MURRE_IMM_FUNC:
    case MURRE_IMM_LOCAL:
    case MURRE_IMM_GLOBAL:
    case MURRE_IMM_TABLE:
    case MURRE_IMM_DATA:
    case MURRE_IMM_ELEM:
    case MURRE_IMM_TAG:
    case MURRE_IMM_TYPE: i->index[0] = murre_read_u32(r); break;
    case MURRE_IMM_MEMORY: read_memory(r, i); break;
    case MURRE_IMM_CALL_INDIRECT:
    case MURRE_IMM_ELEM_TABLE: read_pair(r, i, false, true, FEATURE(REFERENCE_TYPES)); break;
    case MURRE_IMM_TABLE_TABLE: read_pair(r, i, true, true, FEATURE(REFERENCE_TYPES)); break;
    case MURRE_IMM_DATA_MEMORY: read_pair(r, i, false, true, FEATURE(MULTI_MEMORY)); break;
    case MURRE_IMM_MEMORY_MEMORY: read_pair(r, i, true, true, FEATURE(MULTI_MEMORY)); break;
    case MURRE_IMM_TYPE_INDEX: read_pair(r, i, false, false, 0); break;
    case MURRE_IMM_ORDER_TYPE_INDEX:
        i->lane = murre_read_byte(r);
        read_pair(r, i, false, false, 0);
        break;
    case MURRE_IMM_ORDER_INDEX:
        i->lane = murre_read_byte(r);
        i->index[0] = murre_read_u32(r);
        break;
    case MURRE_IMM_REFTYPE: i->type = read_heap_type(r, i); break;
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
    case MURRE_IMM_CAST: read_cast(r, i); break;
    case MURRE_IMM_TRY_TABLE: read_try_table(r, i); break;
    case MURRE_IMM_TAG_HANDLERS: read_handlers(r, i, true); break;
    case MURRE_IMM_HANDLERS: read_handlers(r, i, false); break;
    }
}

murre_features murre_walk_op_features(enum murre_op op) {
    murre_features features = (murre_features)1 << murre_op_info[op].feature;
    return op == MURRE_OP_RETURN_CALL_REF ? features | FEATURE(FUNCTION_REFERENCES) : features;
}

bool murre_walk_next(struct murre_reader *r, struct murre_instruction *instruction) {
    if (!murre_reader_left(r))
        return false;
    *instruction = (struct murre_instruction){.offset = murre_reader_offset(r)};
    instruction->op = read_opcode(r);
    if (instruction->op != MURRE_OP_COUNT) {
        instruction->features = murre_walk_op_features(instruction->op);
        read_immediates(r, instruction);
    }
    return murre_reader_ok(r);
}

void murre_walk_list(struct murre_reader *r, const struct murre_module_info *info, const struct murre_instruction *instruction,
                     struct murre_error *error) {
    *r = (struct murre_reader){info->bytes, instruction->list, info->bytes + info->size, error};
}

/* ---- features ---- */

/* Of a heap type's code. */
static murre_features features_of_code(uint8_t code) {
    switch (code) {
    case MURRE_I32:
    case MURRE_I64:
    case MURRE_F32:
    case MURRE_F64: return 0;
    case MURRE_V128: return FEATURE(SIMD);
    case MURRE_FUNCREF:
    case MURRE_EXTERNREF: return FEATURE(REFERENCE_TYPES);
    case 0x69: /* exn */
    case 0x74: /* noexn */ return FEATURE(EXCEPTIONS);
    case 0x68: /* cont */
    case 0x75: /* nocont */ return FEATURE(STACK_SWITCHING);
    default: return FEATURE(GC);
    }
}

murre_features murre_walk_type_features(struct murre_walk_type type) {
    murre_features features = (type.exact ? FEATURE(CUSTOM_DESCRIPTORS) : 0) | (type.shared ? FEATURE(SHARED_EVERYTHING) : 0);
    if (type.code != MURRE_WALK_REF && type.code != MURRE_WALK_REF_NULL)
        return features | features_of_code(type.code);
    features |= FEATURE(FUNCTION_REFERENCES);
    return type.heap < 0 ? features | features_of_code((uint8_t)(type.heap + 128)) : features;
}

murre_valtype murre_walk_pack(struct murre_walk_type type) {
    murre_valtype packed = type.code | (type.exact ? MURRE_TYPE_EXACT : 0) | (type.shared ? MURRE_TYPE_SHARED : 0);
    if (type.code != MURRE_WALK_REF && type.code != MURRE_WALK_REF_NULL)
        return packed;
    if (type.heap < 0)
        return packed | MURRE_TYPE_ABSTRACT | (murre_valtype)(type.heap + 128) << MURRE_TYPE_HEAP;
    return packed | ((murre_valtype)type.heap & MURRE_TYPE_INDEX) << MURRE_TYPE_HEAP;
}
