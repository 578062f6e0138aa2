/* The builder: words, accumulators, labels; and its lifetime: the engine keeps a builder between functions, so that lowering a function
 * allocates only its code. See build.h. */
#include "interp/build.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "runtime/module.h"

const uint16_t murre_build_first_form[MURRE_OP_COUNT] = {
#define BINARY(id, type, expr)        [MURRE_OP_##id] = MURRE_RC_##id##_RR,
#define FBINARY(id, type, expr)       [MURRE_OP_##id] = MURRE_RC_##id##_RR,
#define RARE_BINARY                   BINARY
#define RARE_FBINARY                  FBINARY
#define COMPARE(id, type, expr)       [MURRE_OP_##id] = MURRE_RC_##id##_RR,
#define FCOMPARE(id, type, expr)      [MURRE_OP_##id] = MURRE_RC_##id##_RR,
#define UNARY(id, result, type, expr) [MURRE_OP_##id] = MURRE_RC_##id##_R,
#define RARE_UNARY                    UNARY
#define LOAD(id, type, mem)           [MURRE_OP_##id] = MURRE_RC_##id##_R,
#define STORE(id, type, mem)          [MURRE_OP_##id] = MURRE_RC_##id##_RR,
#define TEST(id, type, expr)
#define VECTOR(id)        [MURRE_OP_##id] = MURRE_RC_##id,
#define VECTOR_ACCESS(id) [MURRE_OP_##id] = MURRE_RC_##id##_R,
#include "interp/ops.def"
    [MURRE_OP_I32_EQZ] = MURRE_RC_I32_EQZ_R,
    [MURRE_OP_I64_EQZ] = MURRE_RC_I64_EQZ_R,
    [MURRE_OP_REF_IS_NULL] = MURRE_RC_I64_EQZ_R,
};

const uint8_t murre_build_t_forms[MURRE_OP_COUNT] = {
#define BINARY(id, type, expr)        [MURRE_OP_##id] = MURRE_RC_T_##id##_RR - MURRE_RC_##id##_RR,
#define FBINARY                       BINARY
#define UNARY(id, result, type, expr) [MURRE_OP_##id] = MURRE_RC_T_##id##_R - MURRE_RC_##id##_R,
#define LOAD(id, type, mem)           [MURRE_OP_##id] = MURRE_RC_T_##id##_R - MURRE_RC_##id##_R,
#define RARE_BINARY(id, type, expr)
#define RARE_FBINARY(id, type, expr)
#define RARE_UNARY(id, result, type, expr)
#define TEST(id, type, expr)
#define COMPARE(id, type, expr)
#define FCOMPARE(id, type, expr)
#include "interp/ops.def"
    [MURRE_OP_I32_EQZ] = MURRE_RC_T_I32_EQZ_R - MURRE_RC_I32_EQZ_R,
    [MURRE_OP_I64_EQZ] = MURRE_RC_T_I64_EQZ_R - MURRE_RC_I64_EQZ_R,
    [MURRE_OP_REF_IS_NULL] = MURRE_RC_T_I64_EQZ_R - MURRE_RC_I64_EQZ_R,
};

/* Bytes of scratch memory that a builder keeps for the next function. */
enum { MOST_KEPT = 1 << 20 };
/* And that building once more may take, to find an offset: what is left of the module's limit, within these. Where code is larger its traps
 * have none. */
enum { LEAST_FOR_OFFSET = 2 << 20, MOST_FOR_OFFSET = 16 << 20 };

/* Of code for a function: far more than compilers' code takes, which is about one word per instruction. */
enum { MOST_WORDS = 16384, MOST_WORDS_A_BYTE = 64 };

static size_t bytes_of(const struct builder *b) {
    return b->capacity * sizeof *b->words + b->label_capacity * sizeof *b->labels + b->bind_capacity * sizeof *b->binds +
           b->fixup_capacity * sizeof *b->fixups;
}

/* Makes *array hold count elements at least. */
static bool reserve(struct builder *b, void **array, uint32_t *capacity, uint64_t count, size_t size) {
    if (count <= *capacity)
        return true;
    uint64_t wanted = count + count / 2 + 64, more = (wanted - *capacity) * size;
    if (bytes_of(b) + more > b->room) {
        b->failed = b->no_room = true;
        murre_error_memory(b->func->error);
        return false;
    }
    if (wanted < UINT32_MAX / 4) {
        void *larger = murre_realloc(b->allocator, *array, *capacity * size, wanted * size);
        if (larger) {
            *array = larger;
            *capacity = (uint32_t)wanted;
            return true;
        }
    }
    b->failed = true;
    murre_error_memory(b->func->error);
    return false;
}

bool build_grow(struct builder *b, uint32_t words) {
    if (!b->failed && b->count + (uint64_t)words > b->most) {
        b->failed = true;
        (void)murre_error_set(b->func->error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "takes too much register code");
    }
    return !b->failed && reserve(b, (void **)&b->words, &b->capacity, (uint64_t)b->count + words, sizeof *b->words);
}

void build_watch(struct builder *b) {
    while (b->count > b->watch) {
        b->watch_offsets[b->watch_next++] = b->watched;
        b->watch = b->watch_next < b->watch_count ? b->watch_words[b->watch_next] : NO_WORD;
    }
    b->watched = *b->func->offset;
}

/* ---- slots out of reach ------------------------------------------------------------------------------------------ */

static uint32_t next_scratch(struct builder *b) {
    return b->param_slots + b->scratch++ % SCRATCH_SLOTS;
}
uint32_t build_far_source(struct builder *b, uint32_t slot) {
    if (!(b->mode & MURRE_BUILD_FAR)) {
        if (slot > UINT16_MAX)
            b->needs |= MURRE_BUILD_FAR;
        return slot;
    }
    slot = build_slot(b, slot);
    if (slot <= UINT16_MAX)
        return slot;
    uint32_t scratch = next_scratch(b);
    build_emit32(b, 1, MURRE_RC_FAR_GET, scratch, slot);
    return scratch;
}
uint32_t build_far_target(struct builder *b, uint32_t slot) {
    if (!(b->mode & MURRE_BUILD_FAR)) {
        if (slot > UINT16_MAX)
            b->needs |= MURRE_BUILD_FAR;
        return slot;
    }
    slot = build_slot(b, slot);
    return slot <= UINT16_MAX ? slot : b->param_slots;
}
/* A result that is out of reach was made in the first scratch slot. */
void build_far_put(struct builder *b, uint32_t slot) {
    b->scratch = 0;
    slot = build_slot(b, slot);
    if (slot > UINT16_MAX)
        build_emit32(b, 1, MURRE_RC_FAR_PUT, b->param_slots, slot);
}

/* ---- accumulators ------------------------------------------------------------------------------------------------ */

void build_clobber(struct builder *b, uint32_t dst) {
    for (int k = 0; k < ACC_COUNT; k++) {
        if (b->mirror[k] == dst) {
            b->mirror[k] = NO_SLOT;
            b->maker[k] = NO_WORD;
        }
    }
    if (__builtin_expect(b->mode & MURRE_BUILD_FAR, 0))
        build_far_put(b, dst);
}
void build_result(struct builder *b, enum accumulator k, uint32_t dst, uint32_t maker, uint16_t delta) {
    build_clobber(b, dst);
    if (__builtin_expect(b->mode & MURRE_BUILD_FAR, 0))
        return;
    b->mirror[k] = dst;
    b->maker[k] = delta && !b->failed ? maker : NO_WORD; /* where there was no memory, it was not emitted */
    b->maker_delta[k] = delta;
}
void build_forget(struct builder *b) {
    for (int k = 0; k < ACC_COUNT; k++) {
        b->mirror[k] = NO_SLOT;
        b->maker[k] = NO_WORD;
    }
    b->last_copy = NO_WORD;
    b->scratch = 0;
}
void build_take(struct builder *b, const struct murre_operand *a) {
    enum accumulator k = accumulator_of(a->type);
    if (a->slot >= b->func->first_temp && b->maker[k] != NO_WORD)
        b->words[b->maker[k]].op += b->maker_delta[k];
    b->maker[k] = NO_WORD;
}
void build_acc_const(struct builder *b, const struct murre_operand *a) {
    enum accumulator k = accumulator_of(a->type);
    b->mirror[k] = NO_SLOT;
    b->maker[k] = NO_WORD;
    if (k == ACC_F64)
        build_emit(b, 2, MURRE_RC_ACC_F64_CONST, 0, 0, 0)[1].u64 = a->bits;
    else if (k == ACC_F32)
        build_emit32(b, 1, MURRE_RC_ACC_F32_CONST, 0, (uint32_t)a->bits);
    else if (fits32(signed_const(a)))
        build_emit32(b, 1, MURRE_RC_ACC_CONST, 0, (uint32_t)a->bits);
    else
        build_emit(b, 2, MURRE_RC_ACC_CONST64, 0, 0, 0)[1].u64 = a->bits;
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

static struct label *label_at(struct builder *b, uint32_t label) {
    if (label >= b->label_count) {
        if (b->failed || !reserve(b, (void **)&b->labels, &b->label_capacity, (uint64_t)label + 1, sizeof *b->labels)) {
            b->no_label = (struct label){.word = NO_WORD, .fixup = NO_FIXUP};
            return &b->no_label;
        }
        for (; b->label_count <= label; b->label_count++)
            b->labels[b->label_count] = (struct label){.word = NO_WORD, .fixup = NO_FIXUP};
    }
    return &b->labels[label];
}

static void patch(struct builder *b, uint32_t from, uint32_t where, bool wide, uint32_t target) {
    int64_t distance = (int64_t)target - from;
    uint16_t *field = (uint16_t *)b->words + where;
    if (!wide && !fits16(distance))
        b->needs |= MURRE_BUILD_LONG;
    field[0] = (uint16_t)distance;
    if (wide)
        field[1] = (uint16_t)(distance >> 16);
}

void build_reference(struct builder *b, uint32_t label, uint32_t from, uint32_t where, bool wide) {
    struct label *to = label_at(b, label);
    if (b->failed)
        return;
    if (to->word != NO_WORD) {
        patch(b, from, where, wide, to->word);
        return;
    }
    uint32_t index = b->fixup_free;
    if (index != NO_FIXUP) {
        b->fixup_free = b->fixups[index].next;
    } else {
        if (!reserve(b, (void **)&b->fixups, &b->fixup_capacity, (uint64_t)b->fixup_count + 1, sizeof *b->fixups))
            return;
        index = b->fixup_count++;
    }
    b->fixups[index] = (struct fixup){.from = from, .where = where, .next = to->fixup, .wide = wide};
    to->fixup = index;
}

bool build_is_bound(struct builder *b, uint32_t label) {
    return label_at(b, label)->word != NO_WORD;
}

void build_bind(struct builder *b, uint32_t label) {
    build_forget(b);
    struct label *at = label_at(b, label);
    if (b->failed)
        return;
    at->word = b->count;
    if (!b->bind_count || b->binds[b->bind_count - 1] != b->count) {
        if (!reserve(b, (void **)&b->binds, &b->bind_capacity, (uint64_t)b->bind_count + 1, sizeof *b->binds))
            return;
        b->binds[b->bind_count++] = b->count;
    }
    uint32_t index = at->fixup;
    at->fixup = NO_FIXUP;
    while (index != NO_FIXUP) {
        struct fixup *fixup = &b->fixups[index];
        uint32_t next = fixup->next;
        patch(b, fixup->from, fixup->where, fixup->wide, at->word);
        fixup->next = b->fixup_free;
        b->fixup_free = index;
        index = next;
    }
}

/* ---- a builder's life -------------------------------------------------------------------------------------------- */

static const struct murre_sink_ops sink_ops = {
    .begin = build_begin,
    .end = build_end,
    .copy = build_copy,
    .copy_range = build_copy_range,
    .unary = build_unary,
    .binary = build_binary,
    .vector = build_vector,
    .lane = build_lane,
    .select = build_select,
    .load = build_load,
    .store = build_store,
    .global_get = build_global_get,
    .global_set = build_global_set,
    .ref_func = build_ref_func,
    .label = build_label,
    .loop = build_loop,
    .branch = build_branch,
    .branch_if = build_branch_if,
    .branch_table = build_branch_table,
    .ret = build_ret,
    .ret_range = build_ret_range,
    .unreachable = build_unreachable,
    .call = build_call,
    .call_indirect = build_call_indirect,
    .call_ref = build_call_ref,
    .return_call = build_return_call,
    .return_call_indirect = build_return_call_indirect,
    .return_call_ref = build_return_call_ref,
    .non_null = build_non_null,
    .bulk = build_bulk,
};

struct builder *builder_new(const struct murre_allocator *allocator) {
    struct builder *b = murre_alloc_zero(allocator, sizeof *b);
    if (!b)
        return NULL;
    b->sink = (struct murre_sink){.ops = &sink_ops, .live_loop = UINT32_MAX};
    b->allocator = allocator;
    b->front = murre_front_new(allocator);
    if (!b->front) {
        murre_free(allocator, b, sizeof *b);
        return NULL;
    }
    murre_front_set_look(b->front, &b->look);
    build_fuse_init(b);
    return b;
}

void builder_delete(struct builder *b) {
    if (!b)
        return;
    murre_front_delete(b->front);
    murre_free(b->allocator, b->words, b->capacity * sizeof *b->words);
    murre_free(b->allocator, b->labels, b->label_capacity * sizeof *b->labels);
    murre_free(b->allocator, b->binds, b->bind_capacity * sizeof *b->binds);
    murre_free(b->allocator, b->fixups, b->fixup_capacity * sizeof *b->fixups);
    murre_free(b->allocator, b, sizeof *b);
}

/* The engine keeps one builder at rest. */
static struct builder *acquire(struct murre_engine *engine) {
    struct builder *b = atomic_exchange_explicit(&engine->interp_cache, NULL, memory_order_acquire);
    return b ? b : builder_new(&engine->allocator);
}
static void release(struct murre_engine *engine, struct builder *b) {
    if (bytes_of(b) > MOST_KEPT || murre_front_bytes(b->front) > MOST_KEPT) /* it was a large function, and the next one is not */
        builder_delete(b);
    else
        builder_delete(atomic_exchange_explicit(&engine->interp_cache, b, memory_order_acq_rel));
}

/* Lowers with what modes it needs. The words are in b. room: bytes. */
static enum murre_status lower(struct builder *b, struct murre_module *module, uint32_t func_index, uint32_t mode, uint64_t room,
                               struct murre_error *error) {
    struct murre_engine *engine = module->engine;
    uint32_t start, end;
    murre_module_body(&module->info, func_index, &start, &end);
    b->module = module;
    b->mode = mode;
    b->most = MOST_WORDS + (uint64_t)MOST_WORDS_A_BYTE * (end - start);
    b->room = bytes_of(b) + room;
    b->no_room = false;
    for (;;) {
        b->needs = 0;
        enum murre_status status = murre_front_run(b->front, &module->info, func_index, engine->features, &b->sink, error);
        if (status != MURRE_OK || (b->needs & ~b->mode) == 0)
            return status;
        b->mode |= b->needs;
    }
}

/* The words as code of their own. Where they are many they are handed over, not copied. */
static struct murre_regcode *take_words(struct builder *b, uint64_t room) {
    size_t words = b->count * sizeof *b->words, size = sizeof(struct murre_regcode) + words;
    struct murre_regcode *code;
    if (size + MURRE_REGCODE_OVERHEAD > room) {
        b->no_room = true;
        return NULL;
    }
    if (words < MOST_KEPT) {
        code = murre_alloc(b->allocator, size);
        if (code)
            memcpy(code->code, b->words, words);
    } else {
        code = murre_realloc(b->allocator, b->words, b->capacity * sizeof *b->words, size);
        if (code) {
            memmove(code->code, code, words);
            b->words = NULL;
            b->capacity = 0;
        }
    }
    if (code)
        *code = (struct murre_regcode){.frame_slots = b->frame_slots, .word_count = b->count, .mode = b->mode};
    return code;
}

struct murre_regcode *murre_interp_build(struct murre_module *module, uint32_t func_index, struct murre_look look, bool *no_room,
                                         struct murre_error *error) {
    *no_room = false;
    struct builder *b = acquire(module->engine);
    if (!b) {
        murre_error_memory(error);
        return NULL;
    }
    b->watch = NO_WORD;
    b->look = look;
    struct murre_regcode *code = NULL;
    uint64_t room = murre_module_code_room(module);
    if (lower(b, module, func_index, 0, room, error) == MURRE_OK) {
        code = take_words(b, room);
        if (!code)
            murre_error_memory(error);
    }
    *no_room = b->no_room;
    release(module->engine, b);
    return code;
}

void murre_interp_free(struct murre_module *module, struct murre_regcode *code) {
    if (code)
        murre_free(&module->engine->allocator, code, murre_regcode_size(code));
}

static uint64_t room_for_offset(const struct murre_module *module) {
    uint64_t room = murre_module_code_room(module);
    return room < LEAST_FOR_OFFSET ? LEAST_FOR_OFFSET : room < MOST_FOR_OFFSET ? room : MOST_FOR_OFFSET;
}

void murre_interp_offsets(struct murre_module *module, uint32_t func_index, uint32_t mode, const uint32_t *words, uint64_t *offsets,
                          uint32_t count, struct murre_look look) {
    struct builder *b = count ? acquire(module->engine) : NULL;
    if (!b)
        return;
    struct murre_error error = {.status = MURRE_OK};
    b->watch_words = words;
    b->watch_offsets = offsets;
    b->watch_count = count;
    b->watch_next = 0;
    b->watch = words[0];
    b->look = look;
    if (lower(b, module, func_index, mode, room_for_offset(module), &error) == MURRE_OK)
        while (b->watch_next < count)
            offsets[b->watch_next++] = b->watched;
    release(module->engine, b);
}
