/* Values of the suite's JSON: integers are signed decimals, floats bit patterns in decimal or a kind of NaN, references a number, "null", or
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
                 {"funcref", MURRE_FUNCREF},
                 {"externref", MURRE_EXTERNREF},
                 {"refnull", MURRE_FUNCREF},
                 {"nullfuncref", MURRE_FUNCREF},
                 {"nullexternref", MURRE_EXTERNREF}};
    const char *name = json_text(value, "type");
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return *type = types[i].type, true;
    return false;
}

bool value_parse(const struct json *value, union murre_slot *slot) {
    murre_valtype type;
    const char *text = json_text(value, "value");
    if (!value_type(value, &type))
        return false;
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

bool value_matches(const struct json *expected, union murre_slot slot) {
    const struct json *either = json_member(expected, "values");
    if (either) {
        for (const struct json *one = either->first; one; one = one->next)
            if (value_matches(one, slot))
                return true;
        return false;
    }
    murre_valtype type;
    if (!value_type(expected, &type))
        return false;
    const char *text = json_text(expected, "value");
    bool is_nan = text && strncmp(text, "nan:", 4) == 0;
    if (type == MURRE_F32 && is_nan)
        return matches_nan(text, slot.u32, 0x7fc00000, 0x7fffffff);
    if (type == MURRE_F64 && is_nan)
        return matches_nan(text, slot.u64, 0x7ff8000000000000, 0x7fffffffffffffff);
    if (type == MURRE_FUNCREF || type == MURRE_EXTERNREF)
        return matches_reference(expected, text, slot);
    union murre_slot wanted;
    if (!value_parse(expected, &wanted))
        return false;
    return type == MURRE_I32 || type == MURRE_F32 ? wanted.u32 == slot.u32 : wanted.u64 == slot.u64;
}

void value_print(char *out, size_t size, const struct json *type, union murre_slot slot) {
    murre_valtype found = MURRE_I64;
    value_type(type, &found);
    if (found == MURRE_I32 || found == MURRE_F32)
        snprintf(out, size, "0x%08" PRIx32, slot.u32);
    else
        snprintf(out, size, "0x%016" PRIx64, slot.u64);
}
