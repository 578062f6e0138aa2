/* See types.h. */
#include "wasm/types.h"

#include "wasm/module.h"

#include <stdarg.h>
#include <stdio.h>

const char *murre_valtype_name(murre_valtype type) {
    switch (type) {
    case MURRE_I32: return "i32";
    case MURRE_I64: return "i64";
    case MURRE_F32: return "f32";
    case MURRE_F64: return "f64";
    case MURRE_V128: return "v128";
    case MURRE_FUNCREF: return "funcref";
    case MURRE_EXTERNREF: return "externref";
    default: return "unknown";
    }
}

static bool is_float(murre_valtype type) {
    return type == MURRE_F32 || type == MURRE_F64;
}

uint32_t murre_type_shape(const struct murre_functype *type) {
    uint32_t ints = 0, floats = 0, short_ints = 0;
    for (uint32_t i = 0; i < type->param_count; i++) {
        if (type->params[i] == MURRE_V128 || ints + floats > 13)
            return 0;
        if (is_float(type->params[i])) {
            floats++;
        } else {
            short_ints |= type->params[i] == MURRE_I32 ? 1u << ints : 0;
            ints++;
        }
    }
    if (ints > 5 || floats > 8)
        return 0;
    bool plain = type->result_count == 0 || (type->result_count == 1 && !is_float(type->results[0]) && type->results[0] != MURRE_V128);
    return MURRE_SHAPE_REGISTERS | (floats == 0 && plain ? MURRE_SHAPE_INTS | short_ints : 0);
}

bool murre_reader_unsupported(struct murre_reader *r, uint64_t offset, enum murre_feature feature) {
    murre_error_set(r->error, MURRE_ERROR_UNSUPPORTED, offset, "needs feature: %s", murre_feature_name(feature));
    r->end = r->next;
    return false;
}

bool murre_reader_invalid(struct murre_reader *r, uint64_t offset, const char *format, ...) {
    char message[sizeof r->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    murre_error_set(r->error, MURRE_ERROR_INVALID, offset, "%s", message);
    r->end = r->next;
    return false;
}

static bool fail_at(struct murre_reader *r, uint64_t offset, const char *reason) {
    murre_error_set(r->error, MURRE_ERROR_MALFORMED, offset, "%s", reason);
    r->end = r->next;
    return false;
}

/* The types that later features define, by their first byte. */
static bool later_type(struct murre_reader *r, uint64_t offset, uint8_t byte) {
    switch (byte) {
    case 0x63:
    case 0x64: return murre_reader_unsupported(r, offset, MURRE_FEATURE_FUNCTION_REFERENCES);
    case 0x69:
    case 0x74: return murre_reader_unsupported(r, offset, MURRE_FEATURE_EXCEPTIONS);
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x71:
    case 0x72:
    case 0x73:
    case 0x77:
    case 0x78: return murre_reader_unsupported(r, offset, MURRE_FEATURE_GC);
    default: return fail_at(r, offset, "malformed value type");
    }
}

bool murre_read_valtype(struct murre_reader *r, murre_features supported, murre_valtype *type) {
    uint64_t offset = murre_reader_offset(r);
    uint8_t byte = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return false;
    *type = byte;
    switch (byte) {
    case MURRE_I32:
    case MURRE_I64:
    case MURRE_F32:
    case MURRE_F64: return true;
    case MURRE_V128: return supported >> MURRE_FEATURE_SIMD & 1 || murre_reader_unsupported(r, offset, MURRE_FEATURE_SIMD);
    case MURRE_FUNCREF:
    case MURRE_EXTERNREF:
        return supported >> MURRE_FEATURE_REFERENCE_TYPES & 1 || murre_reader_unsupported(r, offset, MURRE_FEATURE_REFERENCE_TYPES);
    default: return later_type(r, offset, byte);
    }
}

bool murre_read_reftype(struct murre_reader *r, murre_features supported, murre_valtype *type) {
    (void)supported;
    uint64_t offset = murre_reader_offset(r);
    uint8_t byte = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return false;
    *type = byte;
    if (murre_is_ref(byte))
        return true;
    if (byte == MURRE_I32 || byte == MURRE_I64 || byte == MURRE_F32 || byte == MURRE_F64 || byte == MURRE_V128)
        return fail_at(r, offset, "malformed reference type");
    return later_type(r, offset, byte);
}

bool murre_read_heaptype(struct murre_reader *r, murre_features supported, murre_valtype *type) {
    uint64_t offset = murre_reader_offset(r);
    if (r->next != r->end && (*r->next & 0xc0) != 0x40) { /* not a one-byte negative number: an index of a type */
        murre_read_s33(r);
        return murre_reader_ok(r) && murre_reader_unsupported(r, offset, MURRE_FEATURE_FUNCTION_REFERENCES);
    }
    return murre_read_reftype(r, supported, type);
}

bool murre_read_limits(struct murre_reader *r, const char *what, struct murre_limits *limits) {
    uint64_t offset = murre_reader_offset(r);
    uint8_t flags = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return false;
    if (flags >= 16)
        return fail_at(r, offset, flags >= 0x80 ? "integer representation too long" : "malformed limits flags");
    if (flags & 8)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_CUSTOM_PAGE_SIZES);
    if (flags & 4)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_MEMORY64);
    if (flags & 2)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_THREADS);
    *limits = (struct murre_limits){.has_max = flags & 1};
    limits->min = murre_read_u32(r);
    if (limits->has_max)
        limits->max = murre_read_u32(r);
    if (!murre_reader_ok(r))
        return false;
    if (limits->has_max && limits->min > limits->max)
        return murre_reader_invalid(r, offset, "size minimum must not be greater than maximum (%s)", what);
    return true;
}
