/* Function names from the custom section "name" (appendix A.4.1), looked up when a trap or a listing wants one. The section is no part of
 * the module's meaning: a malformed one just has no names. */
#include "wasm/module.h"
#include "wasm/reader.h"

enum { SUBSECTION_FUNCTIONS = 1 };

static struct murre_name find(struct murre_reader *r, uint32_t func_index) {
    uint32_t count = murre_read_u32(r);
    for (uint32_t i = 0; i < count && murre_reader_ok(r); i++) {
        uint32_t index = murre_read_u32(r);
        struct murre_name name = murre_read_name(r);
        if (murre_reader_ok(r) && index == func_index)
            return name;
        if (index > func_index) /* they are in order */
            break;
    }
    return (struct murre_name){0};
}

struct murre_name murre_module_func_name(const struct murre_module_info *info, uint32_t func_index) {
    struct murre_error ignored = {0};
    const uint8_t *start = info->bytes + info->name_offset;
    struct murre_reader r = {info->bytes, start, start + info->name_size, &ignored};
    while (murre_reader_left(&r)) {
        uint8_t id = murre_read_byte(&r);
        uint32_t size = murre_read_u32(&r);
        if (!murre_reader_ok(&r) || size > murre_reader_left(&r))
            break;
        if (id == SUBSECTION_FUNCTIONS) {
            r.end = r.next + size;
            return find(&r, func_index);
        }
        r.next += size;
    }
    return (struct murre_name){0};
}
