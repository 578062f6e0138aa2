/* Types of references in bodies: their codes, which operands match, and locals that are to be set before they are read: see front_internal.h. */
#include "wasm/front_internal.h"

#include <string.h>

/* A body may have so many comparisons of lists whose types match without being equal: the bytes of an instruction do not pay for them, and only code
 * that is made for it comes near. */
enum { MATCHES = 4096, MATCHES_A_BYTE = 2 };

void front_begin_types(struct murre_front *f, uint32_t body_size) {
    f->matches_left = MATCHES + MATCHES_A_BYTE * body_size;
    front_forget_sets(f, 0);
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

/* Bits are set for locals that have been, and cleared by the list of these, so that a function costs nothing for the locals that it only declares. */
bool front_add_unset(struct murre_front *f, uint32_t end) {
    uint32_t before = f->was_set_capacity;
    if (!front_reserve(f, (void **)&f->was_set, &f->was_set_capacity, ((uint64_t)end + 63) / 64, sizeof *f->was_set))
        return false;
    if (before < f->was_set_capacity)
        memset(f->was_set + before, 0, (f->was_set_capacity - before) * sizeof *f->was_set);
    f->has_unset = true;
    return true;
}

static bool is_unset(const struct murre_front *f, uint32_t local) {
    if (!f->has_unset || local < f->type->func.param_count)
        return false;
    uint8_t code = (uint8_t)front_local_type(f, local);
    return front_is_ref(code) && !front_may_be_null(f, code) && !(f->was_set[local / 64] >> local % 64 & 1);
}

void front_check_set(struct murre_front *f, uint32_t local) {
    if (is_unset(f, local))
        front_fail(f, "uninitialized local %u", local);
}

void front_note_set(struct murre_front *f, uint32_t local) {
    if (!is_unset(f, local) || !front_reserve(f, (void **)&f->sets, &f->sets_capacity, (uint64_t)f->set_count + 1, sizeof *f->sets))
        return;
    f->was_set[local / 64] |= (uint64_t)1 << local % 64;
    f->sets[f->set_count++] = local;
}

void front_forget_sets(struct murre_front *f, uint32_t count) {
    while (f->set_count > count) {
        uint32_t local = f->sets[--f->set_count];
        f->was_set[local / 64] &= ~((uint64_t)1 << local % 64);
    }
}
