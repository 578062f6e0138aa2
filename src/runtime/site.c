/* See site.h. */
#include "runtime/site.h"

#include "base/alloc.h"

enum { MARK = 64, KIND_BITS = 2, FAR = 63 };
_Static_assert(MURRE_SITE_CALLEE < 1 << KIND_BITS, "a kind has two bits");

struct mark {
    uint32_t pc, offset; /* of the last site before it */
    uint32_t at;         /* in the bytes */
};

struct murre_sites {
    uint32_t count, mark_count;
    uint32_t size; /* of the bytes behind the marks */
    struct mark marks[];
};

/* ---- writing -------------------------------------------------------------------------------------------------------------------- */

/* out may be NULL: it is only counted. */
static size_t put_number(uint8_t *out, size_t at, uint32_t value) {
    for (; value >= 0x80; value >>= 7, at++)
        if (out)
            out[at] = (uint8_t)(value | 0x80);
    if (out)
        out[at] = (uint8_t)value;
    return at + 1;
}

static uint32_t fold(uint32_t difference) {
    return difference << 1 ^ (difference >> 31 ? UINT32_MAX : 0);
}

static uint32_t unfold(uint32_t folded) {
    return folded >> 1 ^ (folded & 1 ? UINT32_MAX : 0);
}

static size_t put(uint8_t *out, struct mark *marks, const struct murre_site *sites, size_t count) {
    size_t at = 0;
    uint32_t pc = 0, offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % MARK == 0 && marks)
            marks[i / MARK] = (struct mark){pc, offset, (uint32_t)at};
        uint32_t distance = sites[i].pc - pc;
        if (out)
            out[at] = (uint8_t)(sites[i].kind | (distance < FAR ? distance : FAR) << KIND_BITS);
        at++;
        if (distance >= FAR)
            at = put_number(out, at, distance - FAR);
        at = put_number(out, at, fold(sites[i].offset - offset));
        pc = sites[i].pc;
        offset = sites[i].offset;
    }
    return at;
}

static size_t size_of(uint32_t mark_count, uint32_t size) {
    return sizeof(struct murre_sites) + mark_count * sizeof(struct mark) + size;
}

struct murre_sites *murre_sites_new(const struct murre_allocator *allocator, const struct murre_site *sites, size_t count) {
    size_t bytes = put(NULL, NULL, sites, count);
    if (bytes > UINT32_MAX / 2)
        return NULL;
    uint32_t mark_count = (uint32_t)((count + MARK - 1) / MARK);
    struct murre_sites *table = murre_alloc(allocator, size_of(mark_count, (uint32_t)bytes));
    if (!table)
        return NULL;
    *table = (struct murre_sites){.count = (uint32_t)count, .mark_count = mark_count, .size = (uint32_t)bytes};
    put((uint8_t *)&table->marks[mark_count], table->marks, sites, count);
    return table;
}

void murre_sites_delete(const struct murre_allocator *allocator, struct murre_sites *sites) {
    if (sites)
        murre_free(allocator, sites, murre_sites_size(sites));
}

size_t murre_sites_size(const struct murre_sites *sites) {
    return sites ? size_of(sites->mark_count, sites->size) : 0;
}

/* ---- reading: no lock, no call out of here -------------------------------------------------------------------------------------- */

static uint32_t get_number(const uint8_t **at) {
    uint32_t value = 0;
    unsigned shift = 0;
    do {
        value |= (uint32_t)(**at & 0x7f) << shift;
        shift += 7;
    } while (*(*at)++ & 0x80);
    return value;
}

static void get(const uint8_t **at, struct murre_site *site) {
    uint8_t first = *(*at)++;
    uint32_t distance = first >> KIND_BITS;
    if (distance == FAR)
        distance += get_number(at);
    site->kind = (enum murre_site_kind)(first & ((1 << KIND_BITS) - 1));
    site->pc += distance;
    site->offset += unfold(get_number(at));
}

static bool is_call(enum murre_site_kind kind) {
    return kind == MURRE_SITE_CALL || kind == MURRE_SITE_LEAVE;
}

/* An instruction that can fault may begin where a call returns to: both have the same pc. */
static bool find(const struct murre_sites *sites, uint32_t pc, bool call, struct murre_site *site) {
    if (!sites || !sites->mark_count)
        return false;
    uint32_t low = 0, high = sites->mark_count; /* the last mark whose sums are below pc */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (sites->marks[middle].pc < pc)
            low = middle;
        else
            high = middle;
    }
    const struct mark *mark = &sites->marks[low];
    const uint8_t *at = (const uint8_t *)&sites->marks[sites->mark_count] + mark->at;
    *site = (struct murre_site){.pc = mark->pc, .offset = mark->offset};
    for (uint32_t i = low * MARK; i < sites->count; i++) {
        get(&at, site);
        if (site->pc > pc)
            return false;
        if (site->pc == pc && is_call(site->kind) == call)
            return true;
    }
    return false;
}

bool murre_sites_find_call(const struct murre_sites *sites, uint32_t pc, struct murre_site *site) {
    return find(sites, pc, true, site);
}

bool murre_sites_find_fault(const struct murre_sites *sites, uint32_t pc, struct murre_site *site) {
    return find(sites, pc, false, site);
}
