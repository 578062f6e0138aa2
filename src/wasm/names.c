/* Function names from the custom section "name" (appendix A.4.1). The section is not part of the module's meaning: a malformed one gives only the
 * names before the fault, and a name that is not UTF-8 does not count. */
#include "wasm/names.h"

#include "wasm/reader.h"

enum { SUBSECTION_FUNCTIONS = 1 };
#define CHECKED ((uint32_t)1 << 31) /* in offsets, which are less: the name is UTF-8 */

/* Sets r at the list of the functions' names; false when there is none. */
static bool find_functions(struct murre_reader *r, const struct murre_module_info *info, struct murre_error *ignored) {
    const uint8_t *start = info->bytes + info->name_offset;
    *r = (struct murre_reader){info->bytes, start, start + info->name_size, ignored};
    while (murre_reader_left(r)) {
        uint8_t id = murre_read_byte(r);
        uint32_t size = murre_read_u32(r);
        if (!murre_reader_ok(r) || size > murre_reader_left(r))
            return false;
        if (id == SUBSECTION_FUNCTIONS) {
            r->end = r->next + size;
            return true;
        }
        r->next += size;
    }
    return false;
}

struct murre_names *murre_names_new(const struct murre_module_info *info, const struct murre_allocator *allocator) {
    struct murre_names *names = murre_alloc_zero(allocator, sizeof *names + info->func_count * sizeof *names->offsets);
    struct murre_error ignored = {0};
    struct murre_reader r;
    if (!names)
        return NULL;
    names->count = info->func_count;
    if (!find_functions(&r, info, &ignored))
        return names;
    uint64_t next = 0; /* indices are in order: what is not ends the list, and no more entries than functions are read */
    for (uint32_t left = murre_read_u32(&r); left; left--) {
        uint32_t index = murre_read_u32(&r);
        uint64_t offset = murre_reader_offset(&r);
        murre_read_bytes(&r, murre_read_u32(&r));
        if (!murre_reader_ok(&r) || index < next || index >= names->count)
            break;
        atomic_store_explicit(&names->offsets[index], (uint32_t)offset, memory_order_relaxed);
        next = (uint64_t)index + 1;
    }
    return names;
}

void murre_names_delete(struct murre_names *names, const struct murre_allocator *allocator) {
    if (names)
        murre_free(allocator, names, sizeof *names + names->count * sizeof *names->offsets);
}

struct murre_name murre_names_get(struct murre_names *names, const struct murre_module_info *info, uint32_t func_index) {
    uint32_t entry = func_index < names->count ? atomic_load_explicit(&names->offsets[func_index], memory_order_relaxed) : 0;
    if (!entry)
        return (struct murre_name){0};
    struct murre_error ignored = {0};
    struct murre_reader r = {info->bytes, info->bytes + (entry & ~CHECKED), info->bytes + info->size, &ignored};
    if (entry & CHECKED) {
        uint32_t size = murre_read_u32(&r);
        return (struct murre_name){(const char *)r.next, size};
    }
    struct murre_name name = murre_read_name(&r);
    atomic_store_explicit(&names->offsets[func_index], murre_reader_ok(&r) ? entry | CHECKED : 0, memory_order_relaxed);
    return name;
}
