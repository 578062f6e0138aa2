/* Values of the suite's JSON. Vectors are lists of lanes (lane_type, value[]). Integers are signed decimals, floats bit patterns in decimal or a kind of NaN, references a number, "null", or
 * no value at all (then any of that type will do). A host reference n is the pointer n + 1, so that it is never null. */
#include "script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool value_type(const struct json *value, murre_valtype *type) {
    static const struct {
        const char *name;
        murre_valtype type;
    } types[] = {{"i32", MURRE_I32},
                 {"i64", MURRE_I64},
                 {"f32", MURRE_F32},
                 {"f64", MURRE_F64},
                 {"v128", MURRE_V128},
                 {"funcref", MURRE_FUNCREF},
                 {"externref", MURRE_EXTERNREF},
                 {"refnull", MURRE_FUNCREF},
                 {"ref", MURRE_FUNCREF},
                 {"nullfuncref", MURRE_FUNCREF},
                 {"nullexternref", MURRE_EXTERNREF}};
    const char *name = json_text(value, "type");
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return *type = types[i].type, true;
    return false;
}

/* Bits of a vector's lane; 0 where it has no such type. */
static unsigned lane_bits(const struct json *value) {
    static const char types[][4] = {"i8", "i16", "i32", "i64", "f32", "f64"};
    static const unsigned bits[] = {8, 16, 32, 64, 32, 64};
    const char *type = json_text(value, "lane_type");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return bits[i];
    return 0;
}

/* The lanes of an argument have no NaN in words. */
static bool parse_lanes(const struct json *value, union murre_slot *slots) {
    const struct json *lanes = json_member(value, "value");
    unsigned bits = lane_bits(value), at = 0;
    slots[0].u64 = slots[1].u64 = 0;
    if (!bits || !lanes || lanes->count != 128 / bits)
        return false;
    for (const struct json *lane = lanes->first; lane; lane = lane->next, at += bits) {
        uint64_t number = lane->text[0] == '-' ? (uint64_t)strtoll(lane->text, NULL, 10) : strtoull(lane->text, NULL, 10);
        slots[at / 64].u64 |= (bits == 64 ? number : number & ((UINT64_C(1) << bits) - 1)) << at % 64;
    }
    return true;
}

bool value_parse(const struct json *value, union murre_slot *slot) {
    murre_valtype type;
    if (!value_type(value, &type))
        return false;
    if (type == MURRE_V128)
        return parse_lanes(value, slot);
    const char *text = json_text(value, "value");
    slot->u64 = 0;
    switch (type) {
    case MURRE_I32:
    case MURRE_F32: slot->u32 = (uint32_t)strtoll(text, NULL, 10); return true;
    case MURRE_I64: slot->u64 = text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10); return true;
    case MURRE_F64: slot->u64 = strtoull(text, NULL, 10); return true;
    default: slot->ref = !text || strcmp(text, "null") == 0 ? NULL : (void *)(uintptr_t)(strtoull(text, NULL, 10) + 1); return true;
    }
}

static bool matches_nan(const char *kind, uint64_t bits, uint64_t quiet, uint64_t magnitude) {
    if (strcmp(kind, "nan:canonical") == 0)
        return (bits & magnitude) == quiet;
    return (bits & quiet) == quiet; /* nan:arithmetic */
}

static bool matches_reference(const struct json *expected, const char *text, union murre_slot slot) {
    const char *type = json_text(expected, "type");
    if (strncmp(type, "null", 4) == 0 || strcmp(type, "refnull") == 0 || (text && strcmp(text, "null") == 0))
        return slot.ref == NULL;
    if (!text)
        return slot.ref != NULL;
    if (strcmp(type, "externref") == 0)
        return (uintptr_t)slot.ref == strtoull(text, NULL, 10) + 1;
    return slot.ref != NULL;
}

static bool match_float(const char *text, uint64_t bits, bool wide) {
    return wide ? matches_nan(text, bits, 0x7ff8000000000000, 0x7fffffffffffffff) : matches_nan(text, bits, 0x7fc00000, 0x7fffffff);
}

static bool lanes_match(const struct json *expected, const union murre_slot *slots) {
    const struct json *lanes = json_member(expected, "value");
    unsigned bits = lane_bits(expected), at = 0;
    if (!bits || !lanes || lanes->count != 128 / bits)
        return false;
    for (const struct json *lane = lanes->first; lane; lane = lane->next, at += bits) {
        uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, found = slots[at / 64].u64 >> at % 64 & mask;
        if (strncmp(lane->text, "nan:", 4) == 0) {
            if (!match_float(lane->text, found, bits == 64))
                return false;
        } else if (found != ((lane->text[0] == '-' ? (uint64_t)strtoll(lane->text, NULL, 10) : strtoull(lane->text, NULL, 10)) & mask)) {
            return false;
        }
    }
    return true;
}

bool value_matches(const struct json *expected, const union murre_slot *slots) {
    const struct json *either = json_member(expected, "values");
    if (either) {
        for (const struct json *one = either->first; one; one = one->next)
            if (value_matches(one, slots))
                return true;
        return false;
    }
    murre_valtype type;
    if (!value_type(expected, &type))
        return false;
    if (type == MURRE_V128)
        return lanes_match(expected, slots);
    const union murre_slot slot = slots[0];
    const char *text = json_text(expected, "value");
    bool is_nan = text && strncmp(text, "nan:", 4) == 0;
    if ((type == MURRE_F32 || type == MURRE_F64) && is_nan)
        return match_float(text, type == MURRE_F64 ? slot.u64 : slot.u32, type == MURRE_F64);
    if (type == MURRE_FUNCREF || type == MURRE_EXTERNREF)
        return matches_reference(expected, text, slot);
    union murre_slot wanted;
    if (!value_parse(expected, &wanted))
        return false;
    return type == MURRE_I32 || type == MURRE_F32 ? wanted.u32 == slot.u32 : wanted.u64 == slot.u64;
}

void value_print(char *out, size_t size, const struct json *type, const union murre_slot *slots) {
    murre_valtype found = MURRE_I64;
    const union murre_slot slot = slots[0];
    value_type(type, &found);
    if (found == MURRE_V128)
        snprintf(out, size, "0x%016" PRIx64 "%016" PRIx64, slots[1].u64, slots[0].u64);
    else if (found == MURRE_I32 || found == MURRE_F32)
        snprintf(out, size, "0x%08" PRIx32, slot.u32);
    else
        snprintf(out, size, "0x%016" PRIx64, slot.u64);
}
