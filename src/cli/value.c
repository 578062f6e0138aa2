/* Values as text, for --invoke. Numbers are decimal or hexadecimal; floats also inf, nan and nan:0xPAYLOAD; references only null. A vector is its shape and
 * its lanes, the lowest first: "i32x4:1 2 3 4", with spaces or commas between, and also as the text format writes it: "v128.const i32x4 1 2 3 4". */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

const char *cli_type_name(murre_valtype type) {
    switch (type) {
    case MURRE_I32: return "i32";
    case MURRE_I64: return "i64";
    case MURRE_F32: return "f32";
    case MURRE_F64: return "f64";
    case MURRE_V128: return "v128";
    case MURRE_FUNCREF: return "funcref";
    case MURRE_EXTERNREF: return "externref";
    default: return "ref";
    }
}

static void add_types(char *text, size_t size, const murre_valtype *types, uint32_t count) {
    size_t used = strlen(text);
    for (uint32_t i = 0; i < count && used < size; i++) {
        char type[48];
        murre_valtype_text(types[i], type, sizeof type);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ", ", type);
    }
}

static void add_text(char *text, size_t size, const char *more) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

void cli_type_text(char *text, size_t size, const struct murre_functype *type) {
    snprintf(text, size, "(");
    add_types(text, size, type->params, type->param_count);
    add_text(text, size, ") -> ");
    if (type->result_count != 1)
        add_text(text, size, "(");
    add_types(text, size, type->results, type->result_count);
    if (type->result_count != 1)
        add_text(text, size, ")");
}

/* ---- from text --------------------------------------------------------------------------------------------------------- */

/* An integer of bits bits, signed or unsigned. */
static bool parse_integer(const char *text, unsigned bits, uint64_t *value) {
    bool negative = text[0] == '-';
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (hex)
        digits += 2;
    if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits) || digits[0] == '\0')
        return false;
    errno = 0;
    uint64_t number = strtoull(digits, NULL, hex ? 16 : 10);
    uint64_t largest = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    if (errno != 0 || number > (negative ? UINT64_C(1) << (bits - 1) : largest))
        return false;
    *value = negative ? 0 - number : number;
    return true;
}

/* A NaN's sign and payload: "nan", "-nan", "nan:0x…". */
static bool parse_nan(const char *text, unsigned fraction_bits, bool *negative, uint64_t *payload) {
    *negative = text[0] == '-';
    text += text[0] == '-' || text[0] == '+';
    *payload = UINT64_C(1) << (fraction_bits - 1);
    if (strncmp(text, "nan", 3) != 0)
        return false;
    if (text[3] == '\0')
        return true;
    return strncmp(text + 3, ":0x", 3) == 0 && parse_integer(text + 4, 64, payload) && *payload != 0 && *payload >> fraction_bits == 0;
}

static bool parse_f32(const char *text, union murre_slot *slot) {
    bool negative;
    uint64_t payload;
    if (parse_nan(text, 23, &negative, &payload)) {
        slot->u32 = (uint32_t)negative << 31 | UINT32_C(0xff) << 23 | (uint32_t)payload;
        return true;
    }
    char *end;
    slot->f32 = strtof(text, &end);
    return *end == '\0' && end != text && !isnan(slot->f32) && text[0] != ' ';
}

static bool parse_f64(const char *text, union murre_slot *slot) {
    bool negative;
    uint64_t payload;
    if (parse_nan(text, 52, &negative, &payload)) {
        slot->u64 = (uint64_t)negative << 63 | UINT64_C(0x7ff) << 52 | payload;
        return true;
    }
    char *end;
    slot->f64 = strtod(text, &end);
    return *end == '\0' && end != text && !isnan(slot->f64) && text[0] != ' ';
}

/* A lane's bits. */
static bool parse_lane(const char *text, char letter, unsigned bits, uint64_t *lane) {
    union murre_slot slot = {.u64 = 0};
    if (letter == 'i')
        return parse_integer(text, bits, lane);
    if (!(bits == 32 ? parse_f32(text, &slot) : parse_f64(text, &slot)))
        return false;
    *lane = slot.u64;
    return true;
}

static const char *skip(const char *text, const char *characters) {
    return text + strspn(text, characters);
}

static bool parse_vector(const char *text, union murre_slot *slots) {
    static const struct {
        char name[6];
        uint8_t bits;
    } shapes[] = {{"i8x16", 8}, {"i16x8", 16}, {"i32x4", 32}, {"i64x2", 64}, {"f32x4", 32}, {"f64x2", 64}};
    static const char constant[] = "v128.const ";
    if (strncmp(text, constant, sizeof constant - 1) == 0)
        text = skip(text + sizeof constant - 1, " ");
    unsigned shape = 0, shape_count = sizeof shapes / sizeof *shapes;
    while (shape < shape_count && strncmp(text, shapes[shape].name, 5) != 0)
        shape++;
    if (shape == shape_count || !strchr(": ", text[5]) || text[5] == '\0')
        return false;
    text = skip(text + 6, " ");
    const unsigned bits = shapes[shape].bits;
    const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    slots[0].u64 = slots[1].u64 = 0;
    for (unsigned at = 0; at < 128; at += bits) {
        char lane[64];
        uint64_t value;
        size_t size = strcspn(text, " ,");
        if (size == 0 || size >= sizeof lane)
            return false;
        memcpy(lane, text, size);
        lane[size] = '\0';
        if (!parse_lane(lane, shapes[shape].name[0], bits, &value))
            return false;
        slots[at / 64].u64 |= (value & mask) << at % 64;
        text = skip(text + size, " ,");
    }
    return *text == '\0';
}

bool cli_parse_value(const char *text, murre_valtype type, union murre_slot *slot) {
    uint64_t integer;
    slot->u64 = 0;
    switch (type) {
    case MURRE_I32:
        if (!parse_integer(text, 32, &integer))
            return false;
        slot->u32 = (uint32_t)integer;
        return true;
    case MURRE_I64:
        if (!parse_integer(text, 64, &integer))
            return false;
        slot->u64 = integer;
        return true;
    case MURRE_F32: return parse_f32(text, slot);
    case MURRE_F64: return parse_f64(text, slot);
    case MURRE_V128: return parse_vector(text, slot);
    case MURRE_FUNCREF:
    case MURRE_EXTERNREF: slot->ref = NULL; return strcmp(text, "null") == 0;
    default: /* another reference */ slot->ref = NULL; return (uint8_t)type == MURRE_REF_NULL && strcmp(text, "null") == 0;
    }
}

/* ---- to text ----------------------------------------------------------------------------------------------------------- */

static void print_nan(char *text, size_t size, bool negative, uint64_t payload, unsigned fraction_bits) {
    if (payload == UINT64_C(1) << (fraction_bits - 1))
        snprintf(text, size, "%snan", negative ? "-" : "");
    else
        snprintf(text, size, "%snan:0x%" PRIx64, negative ? "-" : "", payload);
}

static void print_f32(char *text, size_t size, const union murre_slot *slot) {
    if (isnan(slot->f32)) {
        print_nan(text, size, slot->u32 >> 31, slot->u32 & 0x7fffff, 23);
        return;
    }
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, size, "%.*g", digits, (double)slot->f32);
        if (strtof(text, NULL) == slot->f32)
            return;
    }
}

static void print_f64(char *text, size_t size, const union murre_slot *slot) {
    if (isnan(slot->f64)) {
        print_nan(text, size, slot->u64 >> 63, slot->u64 & ((UINT64_C(1) << 52) - 1), 52);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, slot->f64);
        if (strtod(text, NULL) == slot->f64)
            return;
    }
}

void cli_print_value(char *text, size_t size, murre_valtype type, const union murre_slot *slot) {
    switch (type) {
    case MURRE_I32: snprintf(text, size, "%" PRId32, slot->i32); break;
    case MURRE_I64: snprintf(text, size, "%" PRId64, slot->i64); break;
    case MURRE_F32: print_f32(text, size, slot); break;
    case MURRE_F64: print_f64(text, size, slot); break;
    case MURRE_V128: /* two slots */
        snprintf(text, size, "i32x4:0x%08" PRIx64 " 0x%08" PRIx64 " 0x%08" PRIx64 " 0x%08" PRIx64, slot[0].u64 & UINT32_MAX,
                 slot[0].u64 >> 32, slot[1].u64 & UINT32_MAX, slot[1].u64 >> 32);
        break;
    default: snprintf(text, size, "%s", slot->ref == NULL ? "null" : cli_type_name(type)); break;
    }
}
