/* See types.h. */
#include "wasm/types.h"

#include "wasm/module.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

const char *murre_heap_name(int64_t heap) {
    switch (heap) {
    case 0x75 - 128: return "nocont";
    case 0x74 - 128: return "noexn";
    case 0x73 - 128: return "nofunc";
    case 0x72 - 128: return "noextern";
    case 0x71 - 128: return "none";
    case MURRE_FUNCREF - 128: return "func";
    case MURRE_EXTERNREF - 128: return "extern";
    case 0x6e - 128: return "any";
    case 0x6d - 128: return "eq";
    case 0x6c - 128: return "i31";
    case 0x6b - 128: return "struct";
    case 0x6a - 128: return "array";
    case 0x69 - 128: return "exn";
    case 0x68 - 128: return "cont";
    default: return NULL;
    }
}

void murre_valtype_text(murre_valtype type, char *text, size_t size) {
    uint8_t code = (uint8_t)type;
    bool reference = code == 0x63 || code == 0x64;
    uint32_t index = type >> MURRE_TYPE_HEAP & MURRE_TYPE_INDEX;
    int64_t heap = (int64_t)(reference ? index : code) - 128;
    const char *name = reference && !(type & MURRE_TYPE_ABSTRACT) ? NULL : murre_heap_name(heap);
    const char *null = code == 0x64 ? "" : "null ";
    if (type == MURRE_I32 || type == MURRE_I64 || type == MURRE_F32 || type == MURRE_F64 || type == MURRE_V128)
        snprintf(text, size, "%s", murre_valtype_name(type));
    else if (reference && !(type & MURRE_TYPE_ABSTRACT))
        snprintf(text, size, type & MURRE_TYPE_EXACT ? "(ref %s(exact %u))" : "(ref %s%u)", null, (unsigned)index);
    else if (!name)
        snprintf(text, size, "(;type 0x%02x;)", (unsigned)code);
    else if (type & MURRE_TYPE_SHARED)
        snprintf(text, size, "(ref %s(shared %s))", null, name);
    else if (reference)
        snprintf(text, size, "(ref %s%s)", null, name);
    else
        snprintf(text, size, "%sref", name);
}

struct murre_type_text murre_type_text(murre_valtype type) {
    struct murre_type_text text;
    murre_valtype_text(type, text.text, sizeof text.text);
    return text;
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

static uint32_t slots_of(const murre_valtype *types, uint32_t count) {
    uint32_t slots = 0;
    for (uint32_t i = 0; i < count; i++)
        slots += murre_valtype_slots(types[i]);
    return slots;
}

struct murre_type murre_type_of(const struct murre_functype *type) {
    return (struct murre_type){
        *type,
        slots_of(type->params, type->param_count),
        slots_of(type->results, type->result_count),
        murre_type_shape(type),
    };
}

void murre_error_features(struct murre_error *error, murre_features features) {
    bool several = features & (features - 1);
    size_t size = sizeof error->message, used = (size_t)snprintf(error->message, size, "needs feature%s: ", several ? "s" : "");
    const char *separator = "";
    for (unsigned feature = 0; feature < MURRE_FEATURE_COUNT; feature++) {
        if (!(features >> feature & 1))
            continue;
        const char *name = murre_feature_name(feature);
        if (used + strlen(name) + sizeof ", …" > size) {
            snprintf(error->message + used, size - used, ", …");
            return;
        }
        used += (size_t)snprintf(error->message + used, size - used, "%s%s", separator, name);
        separator = ", ";
    }
}

bool murre_reader_unsupported(struct murre_reader *r, uint64_t offset, enum murre_feature feature) {
    if (murre_reader_ok(r)) {
        murre_error_set(r->error, MURRE_ERROR_UNSUPPORTED, offset, "%s", "");
        murre_error_features(r->error, (murre_features)1 << feature);
    }
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
    case MURRE_FORM_SHARED: return murre_reader_unsupported(r, offset, MURRE_FEATURE_SHARED_EVERYTHING);
    case 0x68:
    case 0x75: return murre_reader_unsupported(r, offset, MURRE_FEATURE_STACK_SWITCHING);
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

/* The reference to a heap type that has been read up to its end; nullable, or not. */
static bool heap_type(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, bool nullable,
                      murre_valtype *type) {
    uint64_t offset = murre_reader_offset(r);
    if (r->next != r->end && (*r->next & 0xc0) == 0x40) { /* a one-byte negative number: no index */
        uint8_t byte = murre_read_byte(r);
        if (byte == MURRE_HEAP_EXACT)
            return murre_reader_unsupported(r, offset, MURRE_FEATURE_CUSTOM_DESCRIPTORS);
        if (byte == MURRE_REF || byte == MURRE_REF_NULL || byte > MURRE_FUNCREF + 5)
            return fail_at(r, offset, "malformed heap type");
        if (byte != MURRE_FUNCREF && byte != MURRE_EXTERNREF)
            return later_type(r, offset, byte);
        *type = nullable ? byte : murre_ref_not_null(byte);
        return supported >> MURRE_FEATURE_REFERENCE_TYPES & 1 || murre_reader_unsupported(r, offset, MURRE_FEATURE_REFERENCE_TYPES);
    }
    int64_t index = murre_read_s33(r);
    if (!murre_reader_ok(r))
        return false;
    if (!(supported >> MURRE_FEATURE_FUNCTION_REFERENCES & 1))
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_FUNCTION_REFERENCES);
    if (index < 0)
        return fail_at(r, offset, "malformed heap type");
    if (index >= info->type_count)
        return murre_reader_invalid(r, offset, "unknown type %lld", (long long)index);
    *type = murre_ref_to(murre_type_canon(info, (uint32_t)index), nullable);
    return true;
}

/* Behind the byte of a reference with a heap type. */
static bool long_reference(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, uint64_t offset,
                           uint8_t byte, murre_valtype *type) {
    if (!(supported >> MURRE_FEATURE_FUNCTION_REFERENCES & 1))
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_FUNCTION_REFERENCES);
    return heap_type(r, info, supported, byte == MURRE_REF_NULL, type);
}

bool murre_read_valtype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type) {
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
    case MURRE_REF:
    case MURRE_REF_NULL: return long_reference(r, info, supported, offset, byte, type);
    default: return later_type(r, offset, byte);
    }
}

bool murre_read_reftype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type) {
    uint64_t offset = murre_reader_offset(r);
    uint8_t byte = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return false;
    *type = byte;
    if (byte == MURRE_FUNCREF || byte == MURRE_EXTERNREF)
        return true;
    if (byte == MURRE_REF || byte == MURRE_REF_NULL)
        return long_reference(r, info, supported, offset, byte, type);
    if (byte == MURRE_I32 || byte == MURRE_I64 || byte == MURRE_F32 || byte == MURRE_F64 || byte == MURRE_V128)
        return fail_at(r, offset, "malformed reference type");
    return later_type(r, offset, byte);
}

bool murre_read_heaptype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type) {
    return heap_type(r, info, supported, true, type);
}

bool murre_read_limits(struct murre_reader *r, bool of_memory, struct murre_limits *limits) {
    uint64_t offset = murre_reader_offset(r);
    uint8_t flags = murre_read_byte(r);
    if (!murre_reader_ok(r))
        return false;
    if (flags >= (of_memory ? 16 : 8))
        return fail_at(r, offset, flags >= 0x80 ? "integer representation too long" : "malformed limits flags");
    if (flags & 8)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_CUSTOM_PAGE_SIZES);
    if (flags & 4)
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_MEMORY64);
    if (flags & 2)
        return murre_reader_unsupported(r, offset, of_memory ? MURRE_FEATURE_THREADS : MURRE_FEATURE_SHARED_EVERYTHING);
    *limits = (struct murre_limits){.has_max = flags & 1};
    limits->min = murre_read_u32(r);
    if (limits->has_max)
        limits->max = murre_read_u32(r);
    if (!murre_reader_ok(r))
        return false;
    if (limits->has_max && limits->min > limits->max)
        return murre_reader_invalid(r, offset, "size minimum must not be greater than maximum (%s)", of_memory ? "memory" : "table");
    return true;
}
