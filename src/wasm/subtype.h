/* Value types as packed words, and how they relate (3.3 of the specification's validation: matching).
 *
 * A number or vector type, and a nullable reference to an abstract heap type, is the code that the binary format has for it (MURRE_I32,
 * MURRE_FUNCREF). Any other reference is MURRE_REF or MURRE_REF_NULL in the low byte and its heap type above (types.h: MURRE_TYPE_HEAP and on): an
 * abstract one's code, or the index of a type of the module. Of equal types the index is always the first one's (murre_type_canon), so that equal value types
 * of a module are equal words.
 *
 * This file is the one place that knows which type matches which. Nothing here allocates; any thread. */
#ifndef MURRE_WASM_SUBTYPE_H
#define MURRE_WASM_SUBTYPE_H

#include "wasm/module.h"

/* Type indices of the module, above a reference's code. */
enum { MURRE_TYPE_HEAP = 8 };
#define MURRE_TYPE_INDEX    0x1fffffu
#define MURRE_TYPE_ABSTRACT (1u << 29)
#define MURRE_TYPE_EXACT    (1u << 30)
#define MURRE_TYPE_SHARED   (1u << 31)
/* A reference that code which cannot be reached takes from nowhere: it matches every reference, and is not null. */
#define MURRE_REF_BOTTOM    (MURRE_REF | MURRE_TYPE_ABSTRACT)

/* One that is no code of the binary format. */
static inline bool murre_is_long_ref(murre_valtype type) {
    return (uint8_t)type == MURRE_REF || (uint8_t)type == MURRE_REF_NULL;
}
static inline bool murre_is_concrete(murre_valtype type) {
    return murre_is_long_ref(type) && !(type & MURRE_TYPE_ABSTRACT);
}
/* Of a concrete one: the type's index. */
static inline uint32_t murre_ref_index(murre_valtype type) {
    return type >> MURRE_TYPE_HEAP & MURRE_TYPE_INDEX;
}
/* A value of it may be null: a local of it need not be set before it is read. Of a reference. */
static inline bool murre_is_nullable(murre_valtype type) {
    return (uint8_t)type != MURRE_REF;
}
/* index: as murre_type_canon has it. */
static inline murre_valtype murre_ref_to(uint32_t index, bool nullable) {
    return (nullable ? MURRE_REF_NULL : MURRE_REF) | index << MURRE_TYPE_HEAP;
}
/* The same reference without or with null. */
murre_valtype murre_ref_not_null(murre_valtype type);
murre_valtype murre_ref_or_null(murre_valtype type);

/* Does each value of type sub belong to type super? Of one module's types, or with words that name no type of a module. */
bool murre_subtype(const struct murre_module_info *info, murre_valtype sub, murre_valtype super);
/* The same of types by index, canonical. */
bool murre_subtype_index(const struct murre_module_info *info, uint32_t sub, uint32_t super);

/* Lists of types are compared as bytes, a byte per slot (front_internal.h). A long reference has a number of its own for that:
 * murre_ref_code_first and on, then from murre_ref_code_low on. */
enum { MURRE_REF_CODES = 220 };
struct murre_ref_codes {
    uint32_t count;
    murre_valtype words[256]; /* by code; of the numbered ones */
    uint8_t hash[512];        /* codes by word; 0: free */
};
/* The word's code, given it now if it had none; 0 when there are no more numbers. */
uint8_t murre_ref_code(struct murre_ref_codes *codes, murre_valtype word);

#endif
