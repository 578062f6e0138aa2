/* See subtype.h. */
#include "wasm/subtype.h"

enum {
    HEAP_BOTTOM = 0, /* MURRE_REF_BOTTOM */
    HEAP_CONT = 0x68,
    HEAP_EXN = 0x69,
    HEAP_ARRAY = 0x6a,
    HEAP_STRUCT = 0x6b,
    HEAP_I31 = 0x6c,
    HEAP_EQ = 0x6d,
    HEAP_ANY = 0x6e,
    HEAP_EXTERN = 0x6f,
    HEAP_FUNC = 0x70,
    HEAP_NONE = 0x71,
    HEAP_NOEXTERN = 0x72,
    HEAP_NOFUNC = 0x73,
    HEAP_NOEXN = 0x74,
    HEAP_NOCONT = 0x75,
};

/* The code of an abstract heap type. */
static uint8_t heap_code(murre_valtype type) {
    uint8_t code = (uint8_t)type;
    return code == MURRE_REF || code == MURRE_REF_NULL ? (uint8_t)murre_ref_index(type) : code;
}

murre_valtype murre_ref_not_null(murre_valtype type) {
    uint8_t code = (uint8_t)type;
    if (code == MURRE_REF || code == MURRE_REF_NULL)
        return (type & ~0xffu) | MURRE_REF;
    return MURRE_REF | MURRE_TYPE_ABSTRACT | (murre_valtype)code << MURRE_TYPE_HEAP | (type & MURRE_TYPE_SHARED);
}

murre_valtype murre_ref_or_null(murre_valtype type) {
    if ((uint8_t)type != MURRE_REF)
        return type;
    if (type & MURRE_TYPE_ABSTRACT && !(type & MURRE_TYPE_SHARED) && type != MURRE_REF_BOTTOM)
        return murre_ref_index(type);
    return (type & ~0xffu) | MURRE_REF_NULL;
}

/* Abstract heap types: what lies right above one; itself at the top. */
static uint8_t above(uint8_t code) {
    switch (code) {
    case HEAP_EQ: return HEAP_ANY;
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY: return HEAP_EQ;
    default: return code;
    }
}

static bool is_below(uint8_t code, uint8_t other) {
    while (code != other && above(code) != code)
        code = above(code);
    return code == other;
}

/* The least one of the hierarchy; 0 for none. */
static uint8_t bottom_of(uint8_t code) {
    switch (code) {
    case HEAP_FUNC:
    case HEAP_NOFUNC: return HEAP_NOFUNC;
    case HEAP_EXTERN:
    case HEAP_NOEXTERN: return HEAP_NOEXTERN;
    case HEAP_EXN:
    case HEAP_NOEXN: return HEAP_NOEXN;
    case HEAP_CONT:
    case HEAP_NOCONT: return HEAP_NOCONT;
    default: return HEAP_NONE;
    }
}

static bool abstract_matches(uint8_t sub, uint8_t super) {
    return sub == HEAP_BOTTOM || is_below(sub, super) || (super != HEAP_BOTTOM && sub == bottom_of(super));
}

bool murre_subtype_index(const struct murre_module_info *info, uint32_t sub, uint32_t super) {
    if (sub == super || !info->subs)
        return sub == super;
    uint32_t least = info->subs[super].depth;
    while (info->subs[sub].depth > least)
        sub = info->subs[sub].super;
    return sub == super;
}

bool murre_subtype(const struct murre_module_info *info, murre_valtype sub, murre_valtype super) {
    if (sub == super)
        return true;
    if (!murre_is_ref(sub) || !murre_is_ref(super) || (murre_is_nullable(sub) && !murre_is_nullable(super)) ||
        (sub & MURRE_TYPE_SHARED) != (super & MURRE_TYPE_SHARED))
        return false;
    bool concrete = murre_is_concrete(sub);
    if (murre_is_concrete(super)) /* of functions: there are no others yet */
        return concrete ? murre_subtype_index(info, murre_ref_index(sub), murre_ref_index(super))
                        : heap_code(sub) == HEAP_NOFUNC || heap_code(sub) == HEAP_BOTTOM;
    return abstract_matches(concrete ? HEAP_FUNC : heap_code(sub), heap_code(super));
}

/* ---- codes ---- */

enum { HIGH_CODES = 128, LOW_CODE = 0x02, HASHES = 512 };
_Static_assert(LOW_CODE + (MURRE_REF_CODES - HIGH_CODES) <= MURRE_REF_NULL, "numbers are no codes of types");

static uint8_t numbered(uint32_t number) {
    return (uint8_t)(number < HIGH_CODES ? 0x80 + number : LOW_CODE + (number - HIGH_CODES));
}

uint8_t murre_ref_code(struct murre_ref_codes *codes, murre_valtype word) {
    uint32_t at = (word * UINT32_C(0x9e3779b1)) >> 23;
    for (; codes->hash[at]; at = (at + 1) % HASHES)
        if (codes->words[codes->hash[at]] == word)
            return codes->hash[at];
    if (codes->count == MURRE_REF_CODES)
        return 0;
    uint8_t code = numbered(codes->count++);
    codes->words[code] = word;
    codes->hash[at] = code;
    return code;
}
