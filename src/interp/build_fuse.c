/* The builder, last step: sequences of instructions that have a handler of their own (pairs.def) get its opcode in their first word. Greedy from
 * the left. A sequence does not extend across a label, so that loops start with a sequence of their own. */
#include "interp/build.h"

static const struct {
    uint16_t first, second, fused;
} pairs[] = {
#define PAIR(a, b)       {MURRE_RC_##a, MURRE_RC_##b, MURRE_RC_##a##__##b},
#define TRIPLE(a, b, c)  {MURRE_RC_##a##__##b, MURRE_RC_##c, MURRE_RC_##a##__##b##__##c},
#define QUAD(a, b, c, d) {MURRE_RC_##a##__##b##__##c, MURRE_RC_##d, MURRE_RC_##a##__##b##__##c##__##d},
#include "interp/pairs.def"
#undef PAIR
#undef TRIPLE
#undef QUAD
};
enum { PAIRS = sizeof pairs / sizeof pairs[0] };
_Static_assert(PAIRS * 2 < FUSE_SLOTS, "the hash table of pairs is half empty at least");

/* Words of an instruction where there are not exactly one; 0: one; VARIES: it says so itself. */
enum { VARIES = 255 };
static const uint8_t lengths[MURRE_RC_COUNT] = {
#define BINARY(id, type, expr)       [MURRE_RC_##id##_RK] = 2, [MURRE_RC_T_##id##_RK] = 2,
#define FBINARY(id, type, expr)      [MURRE_RC_##id##_RK] = 2, [MURRE_RC_T_##id##_RK] = 2,
#define RARE_BINARY(id, type, expr)  [MURRE_RC_##id##_RK] = 2,
#define RARE_FBINARY(id, type, expr) [MURRE_RC_##id##_RK] = 2,
#define LOAD(id, type, mem)          [MURRE_RC_##id##_RX] = 2, [MURRE_RC_T_##id##_RX] = 2,
#define STORE(id, type, mem)         [MURRE_RC_##id##_RX] = 2,
#define VECTOR(id)
#define VECTOR_ACCESS(id) [MURRE_RC_##id##_RX] = 2,
#include "interp/ops.def"
#define VECTOR_TERNARY(id, expr)        [MURRE_RC_##id] = 2,
#define VECTOR_REPLACE(id, type, lanes) [MURRE_RC_##id] = 2,
#define VECTOR_LOAD_LANE(id, lanes)     [MURRE_RC_##id] = 2,
#define VECTOR_STORE_LANE(id, lanes)    [MURRE_RC_##id] = 2,
#include "runtime/vector.def"
    [MURRE_RC_CONST_V] = 3,
    [MURRE_RC_I8X16_SHUFFLE] = 3,
    [MURRE_RC_V128_STORE_RX] = 2,
    [MURRE_RC_COPY_RANGE] = 2,
    [MURRE_RC_RET_RANGE] = 2,
    [MURRE_RC_CONST64] = 2,
    [MURRE_RC_ACC_CONST64] = 2,
    [MURRE_RC_ACC_F64_CONST] = 2,
    [MURRE_RC_SELECT_RK] = 2,
    [MURRE_RC_SELECT_KR] = 2,
    [MURRE_RC_SELECT_KK] = 3,
    [MURRE_RC_LOOP_COUNT] = 2,
    [MURRE_RC_RET_K64] = 2,
    [MURRE_RC_CALL_INDIRECT_R] = 2,
    [MURRE_RC_CALL_INDIRECT_A] = 2,
    [MURRE_RC_CALL_INDIRECT_X] = 3,
    [MURRE_RC_CALL] = 2,
    [MURRE_RC_CALL_X] = 3,
    [MURRE_RC_CALL_IMPORT_X] = 2,
    [MURRE_RC_CALL_REF_X] = 2,
    [MURRE_RC_RETURN_CALL] = 2,
    [MURRE_RC_RETURN_CALL_IMPORT] = 2,
    [MURRE_RC_RETURN_CALL_INDIRECT] = 3,
    [MURRE_RC_RETURN_CALL_REF] = 2,
    [MURRE_RC_BR_TABLE_R] = VARIES,
    [MURRE_RC_BR_TABLE_A] = VARIES,
    [MURRE_RC_RET_MULTI] = VARIES,
    [MURRE_RC_MEMORY_GROW] = VARIES,
    [MURRE_RC_MEMORY_INIT] = VARIES,
    [MURRE_RC_DATA_DROP] = VARIES,
    [MURRE_RC_MEMORY_COPY] = VARIES,
    [MURRE_RC_MEMORY_FILL] = VARIES,
    [MURRE_RC_TABLE_GET] = VARIES,
    [MURRE_RC_TABLE_SET] = VARIES,
    [MURRE_RC_TABLE_INIT] = VARIES,
    [MURRE_RC_ELEM_DROP] = VARIES,
    [MURRE_RC_TABLE_COPY] = VARIES,
    [MURRE_RC_TABLE_GROW] = VARIES,
    [MURRE_RC_TABLE_SIZE] = VARIES,
    [MURRE_RC_TABLE_FILL] = VARIES,
};

static __attribute__((noinline)) uint32_t varying_length(const union murre_word *word) {
    uint32_t count, words = 1;
    switch (word->op) {
    case MURRE_RC_BR_TABLE_R:
    case MURRE_RC_BR_TABLE_A: return 1 + (word->bc + 2) / 2;
    case MURRE_RC_RET_MULTI:
        for (count = word->bc; count; count--)
            words += word[words].u64 ? 1 : 2;
        return words;
    default: /* operations of handlers_bulk.c */ return word->c;
    }
}
/* Of an instruction that is not fused yet. */
static inline uint32_t length(const union murre_word *word) {
    uint32_t words = lengths[word->op];
    return __builtin_expect(words == 0, 1) ? 1 : words == VARIES ? varying_length(word) : words;
}

void murre_interp_forget_callees(struct murre_regcode *code) {
    uint16_t first[MURRE_RC_COUNT] = {0}; /* of a sequence's opcode: what its first word was; itself maybe a sequence's */
    for (uint32_t i = 0; i < PAIRS; i++)
        first[pairs[i].fused] = pairs[i].first;
    for (uint32_t at = 0; at < code->word_count;) {
        union murre_word word = code->code[at];
        while (first[word.op])
            word.op = first[word.op];
        if (word.op == MURRE_RC_CALL || word.op == MURRE_RC_CALL_X)
            code->code[at + 1].u64 = 0;
        uint32_t words = lengths[word.op];
        at += words == VARIES ? varying_length(&code->code[at]) : words ? words : 1;
    }
}

static uint32_t hash(uint32_t first, uint32_t second) {
    return (first * 2654435761u ^ second * 2246822519u) >> 16 & (FUSE_SLOTS - 1);
}

void build_fuse_init(struct builder *b) {
    for (uint32_t i = 0; i < PAIRS; i++) {
        uint32_t at = hash(pairs[i].first, pairs[i].second);
        while (b->fuse[at])
            at = (at + 1) & (FUSE_SLOTS - 1);
        b->fuse[at] = (uint16_t)(i + 1);
        b->fuse_first[pairs[i].first / 8] |= (uint8_t)(1 << pairs[i].first % 8);
    }
}

/* The opcode of both together, or 0, which is no pair's. */
static uint32_t fused(const struct builder *b, uint32_t first, uint32_t second) {
    if (!(b->fuse_first[first / 8] >> first % 8 & 1))
        return 0;
    for (uint32_t at = hash(first, second); b->fuse[at]; at = (at + 1) & (FUSE_SLOTS - 1)) {
        uint32_t i = b->fuse[at] - 1u;
        if (pairs[i].first == first && pairs[i].second == second)
            return pairs[i].fused;
    }
    return 0;
}

enum { WORDS_A_LOOK = 1 << 17 };

void build_fuse(struct builder *b) {
    uint32_t next_label = 0;
    union murre_word *end = b->words + b->count;
    union murre_word *head = b->words; /* of the current sequence */
    for (union murre_word *at = b->words, *next, *look_at = at; at < end; at = next) {
        if (__builtin_expect(at >= look_at, 0)) {
            if (murre_look_stops(&b->look)) {
                murre_error_set(b->func->error, MURRE_ERROR_TIME, MURRE_NO_OFFSET, "no time is left");
                return;
            }
            look_at = at + WORDS_A_LOOK;
        }
        next = at + length(at);
        while (next_label < b->bind_count && b->binds[next_label] < (uint32_t)(at - b->words))
            next_label++;
        bool label = next_label < b->bind_count && b->binds[next_label] == (uint32_t)(at - b->words);
        uint32_t op = at == head || label ? 0 : fused(b, head->op, at->op);
        if (op)
            head->op = (uint16_t)op;
        else
            head = at;
    }
}
