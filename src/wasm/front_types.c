/* Types of references in bodies: their codes, which operands match, and locals that are to be set before they are read: see front_internal.h. */
#include "wasm/front_internal.h"

#include <string.h>

/* A body may have so many comparisons of lists whose types match without being equal: the bytes of an instruction do not pay for them, and only code
 * that is made for it comes near. */
enum { MATCHES = 4096, MATCHES_A_BYTE = 2 };

void front_begin_types(struct murre_front *f, uint32_t body_size) {
    f->matches_left = MATCHES + MATCHES_A_BYTE * body_size;
    f->set_count = 0;
    f->has_unset = false;
    const struct murre_ref_codes *known = f->module->ref_codes;
    if (!known && !f->codes.count)
        return;
    if (known)
        f->codes = *known;
    else
        f->codes = (struct murre_ref_codes){0};
    memset(f->matched, 0, sizeof f->matched);
}

uint8_t front_number(struct murre_front *f, murre_valtype word) {
    if (word == MURRE_REF_BOTTOM)
        return CODE_REF_BOTTOM;
    uint8_t code = murre_ref_code(&f->codes, word);
    if (!code)
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "more than %d types of references", MURRE_REF_CODES);
    return code;
}

uint8_t front_func_code(struct murre_front *f, uint32_t func) {
    murre_valtype exact = murre_ref_to(murre_type_canon(f->module, f->module->func_types[func]), false);
    uint8_t code = murre_ref_code(&f->codes, exact);
    return code ? code : front_number(f, murre_ref_not_null(MURRE_FUNCREF)); /* true as well, and good enough */
}

bool front_matches(struct murre_front *f, uint8_t found, uint8_t want) {
    if (!front_is_ref(found) || !front_is_ref(want))
        return false;
    uint16_t both = (uint16_t)(found << 8 | want), *known = &f->matched[(both ^ both >> 6) % FRONT_MATCHED];
    if (*known == both)
        return true;
    if (!murre_subtype(f->module, front_word(f, found), front_word(f, want)))
        return false;
    *known = both;
    return true;
}

/* ---- locals that have no default ---- */

bool front_add_unset(struct murre_front *f, uint32_t first, uint32_t count) {
    uint32_t words = (first + count + 63) / 64, before = f->unset_capacity;
    if (!front_reserve(f, (void **)&f->unset, &f->unset_capacity, words, sizeof *f->unset))
        return false;
    if (!f->has_unset)
        memset(f->unset, 0, f->unset_capacity * sizeof *f->unset);
    else if (before < f->unset_capacity)
        memset(f->unset + before, 0, (f->unset_capacity - before) * sizeof *f->unset);
    f->has_unset = true;
    for (uint32_t i = first; i < first + count; i++)
        f->unset[i / 64] |= (uint64_t)1 << i % 64;
    return true;
}

static bool is_unset(const struct murre_front *f, uint32_t local) {
    return f->has_unset && local / 64 < f->unset_capacity && f->unset[local / 64] >> local % 64 & 1;
}

void front_check_set(struct murre_front *f, uint32_t local) {
    if (is_unset(f, local))
        front_fail(f, "uninitialized local %u", local);
}

void front_note_set(struct murre_front *f, uint32_t local) {
    if (!is_unset(f, local) || !front_reserve(f, (void **)&f->sets, &f->sets_capacity, (uint64_t)f->set_count + 1, sizeof *f->sets))
        return;
    f->unset[local / 64] &= ~((uint64_t)1 << local % 64);
    f->sets[f->set_count++] = local;
}

void front_forget_sets(struct murre_front *f, uint32_t count) {
    while (f->set_count > count) {
        uint32_t local = f->sets[--f->set_count];
        f->unset[local / 64] |= (uint64_t)1 << local % 64;
    }
}
