/* Identifiers (6.3.5), from the name section (appendix A.4.1).
 *
 * A name that is its index space's first of that text is its identifier, in quotes where it has characters that others may not have. A name that
 * is empty, occurs again, or starts as made-up identifiers do gets "#func12 name", and the annotation (@name "…") keeps it. The section
 * is no part of the module's meaning: what is malformed in it, out of order or out of range has no names. Locals and labels are read function
 * by function, as bodies are printed. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "text/print_internal.h"

/* How long an identifier may be without being paid for. */
enum { FREE_IDENTIFIER = 40 };
/* How many locals without a name may lie between two that have one: their places are cleared. */
enum { FREE_GAP = 16 };

static const char *const space_names[SPACE_COUNT] = {"func",   "local", "label", "type",  "table", "memory",
                                                     "global", "elem",  "data",  "field", "tag"};

static struct murre_name text_of(const struct printer *p, print_name name) {
    struct murre_error ignored = {.status = MURRE_OK};
    struct murre_reader r = {p->bytes, p->bytes + (name & ~PRINT_CLASH), p->bytes + p->size, &ignored};
    uint32_t size = murre_read_u32(&r);
    return (struct murre_name){(const char *)r.next, size};
}

/* ---- which names are unique ---- */

static void set_free(struct printer *p, struct print_set *set) {
    murre_free(p->allocator, set->names, set->capacity * sizeof *set->names);
    *set = (struct print_set){0};
}

/* In time that follows from what was in it. */
static void set_clear(struct printer *p, struct print_set *set) {
    enum { KEPT = 64 };
    if (set->capacity > KEPT)
        set_free(p, set);
    else if (set->count)
        memset(set->names, 0, set->capacity * sizeof *set->names);
    set->count = 0;
}

/* Where a name is, or its free place. */
static print_name *set_find(const struct printer *p, const struct print_set *set, struct murre_name text) {
    uint32_t at = (uint32_t)murre_hash(p->seed, text.data, text.size) & (set->capacity - 1);
    while (set->names[at]) {
        struct murre_name other = text_of(p, set->names[at]);
        if (other.size == text.size && memcmp(other.data, text.data, text.size) == 0)
            break;
        at = (at + 1) & (set->capacity - 1);
    }
    return &set->names[at];
}

static bool set_grow(struct printer *p, struct print_set *set) {
    struct print_set grown = {.count = set->count, .capacity = set->capacity ? set->capacity * 2 : 16};
    grown.names = murre_alloc_array(p->allocator, grown.capacity, sizeof *grown.names);
    if (!grown.names) {
        print_out_of_memory(p);
        return false;
    }
    for (uint32_t i = 0; i < set->capacity; i++)
        if (set->names[i])
            *set_find(p, &grown, text_of(p, set->names[i])) = set->names[i];
    set_free(p, set);
    *set = grown;
    return true;
}

/* The name as it is to be shown. */
static print_name add_unique(struct printer *p, struct print_set *set, print_name name) {
    struct murre_name text = text_of(p, name);
    if (text.size == 0 || text.data[0] == '#')
        return name | PRINT_CLASH;
    if (set->count * 2 >= set->capacity && !set_grow(p, set))
        return name;
    print_name *place = set_find(p, set, text);
    if (*place)
        return name | PRINT_CLASH;
    *place = name;
    set->count++;
    return name;
}

/* ---- the section ---- */

/* The next entry of a name map: its index and its name, or 0 when the name is not UTF-8 or the map is malformed. */
static print_name read_entry(struct murre_reader *r, uint32_t *index) {
    *index = murre_read_u32(r);
    print_name name = (print_name)murre_reader_offset(r);
    murre_read_name(r);
    return murre_reader_ok(r) ? name : 0;
}

static bool set_name(struct printer *p, enum print_space space, uint32_t index, print_name name) {
    struct print_vector *names = &p->names[space];
    uint32_t count = (uint32_t)(names->size / sizeof name);
    if (index >= count) {
        size_t more = ((size_t)index + 1 - count) * sizeof name;
        char *place = print_grow(p, names, more);
        if (!place)
            return false;
        memset(place, 0, more);
    }
    ((print_name *)names->data)[index] = name;
    return true;
}

static void read_map(struct printer *p, enum print_space space, struct murre_reader *r) {
    uint64_t least = 0;
    set_clear(p, &p->seen);
    for (uint32_t left = murre_read_u32(r); left && murre_reader_ok(r); left--) {
        uint32_t index;
        print_name name = read_entry(r, &index);
        /* No module has more of anything than bytes. */
        if (!name || index < least || index >= p->size || !set_name(p, space, index, add_unique(p, &p->seen, name)))
            return;
        least = (uint64_t)index + 1;
    }
}

static void begin_map(struct print_map *map, struct murre_reader r) {
    *map = (struct print_map){.reader = r, .error = {.status = MURRE_OK}};
    map->reader.error = &map->error;
    map->maps = murre_read_u32(&map->reader);
}

void print_read_names(struct printer *p, struct murre_reader contents) {
    while (murre_reader_left(&contents) && !p->failed) {
        uint8_t id = murre_read_byte(&contents);
        uint32_t size = murre_read_u32(&contents);
        const uint8_t *start = murre_read_bytes(&contents, size);
        struct murre_error ignored = {.status = MURRE_OK};
        struct murre_reader r = {p->bytes, start, start + (start ? size : 0), &ignored};
        if (!start)
            return;
        enum print_space space = (enum print_space)(id - 1);
        if (id == 0 || space >= SPACE_COUNT)
            continue; /* the module's own name: print_module_name */
        if (space == SPACE_LOCAL)
            begin_map(&p->locals, r);
        else if (space == SPACE_LABEL)
            begin_map(&p->labels, r);
        else if (space == SPACE_FIELD)
            begin_map(&p->fields, r);
        else
            read_map(p, space, &r);
    }
}

void print_module_name(struct printer *p, struct murre_reader contents) {
    if (!murre_reader_left(&contents) || murre_read_byte(&contents) != 0)
        return;
    murre_read_u32(&contents);
    print_name name = (print_name)murre_reader_offset(&contents);
    struct murre_name text = murre_read_name(&contents);
    if (murre_reader_ok(&contents) && text.size)
        print_identifier(p, name, SPACE_COUNT, 0, false);
}

void print_free_names(struct printer *p) {
    for (int space = 0; space < SPACE_COUNT; space++)
        print_free(p, &p->names[space]);
    set_free(p, &p->seen);
    set_free(p, &p->body_seen);
}

/* ---- indirect maps ---- */

/* Moves on to the map of a function or type, which come in order; false when there is none. */
static bool find_map(struct print_map *map, uint32_t owner) {
    while (map->maps && murre_reader_ok(&map->reader)) {
        if (!map->known)
            map->index = murre_read_u32(&map->reader);
        map->known = murre_reader_ok(&map->reader);
        if (map->index > owner)
            return false;
        bool found = map->index == owner;
        map->maps--;
        map->known = false;
        map->entries = murre_read_u32(&map->reader);
        if (found)
            return murre_reader_ok(&map->reader);
        for (uint32_t index; map->entries && read_entry(&map->reader, &index);)
            map->entries--;
    }
    return false;
}

void print_begin_locals(struct printer *p, uint32_t func) {
    struct murre_reader *r = &p->locals.reader;
    set_clear(p, &p->body_seen);
    p->names[SPACE_LOCAL].size = 0;
    if (find_map(&p->locals, func)) {
        uint64_t least = 0;
        for (; p->locals.entries; p->locals.entries--) {
            uint32_t index;
            print_name name = read_entry(r, &index);
            if (!name || index < least)
                break;
            least = (uint64_t)index + 1;
            uint64_t gap = index - p->names[SPACE_LOCAL].size / sizeof name;
            if (gap < FREE_GAP || print_afford(p, gap))
                set_name(p, SPACE_LOCAL, index, add_unique(p, &p->body_seen, name));
        }
        for (uint32_t index; p->locals.entries && read_entry(r, &index);)
            p->locals.entries--;
    }
    set_clear(p, &p->body_seen);
    p->has_labels = find_map(&p->labels, func);
}

void print_end_locals(struct printer *p) {
    struct print_map *map = &p->labels;
    for (; p->has_labels && map->entries && murre_reader_ok(&map->reader); map->entries--) {
        if (!map->known)
            murre_read_u32(&map->reader);
        map->known = false;
        murre_read_name(&map->reader);
    }
    p->has_labels = false;
}

print_name print_label_name(struct printer *p) {
    struct print_map *map = &p->labels;
    while (p->has_labels && map->entries) {
        if (!map->known)
            map->index = murre_read_u32(&map->reader);
        map->known = murre_reader_ok(&map->reader);
        if (!map->known || map->index > p->ordinal)
            return 0;
        print_name name = (print_name)murre_reader_offset(&map->reader);
        murre_read_name(&map->reader);
        map->known = false;
        map->entries--;
        if (!murre_reader_ok(&map->reader))
            return 0;
        if (map->index == p->ordinal)
            return add_unique(p, &p->body_seen, name);
    }
    return 0;
}

void print_begin_fields(struct printer *p, uint32_t type, uint32_t count) {
    struct print_vector *names = &p->names[SPACE_FIELD];
    size_t size = count * sizeof(print_name), start = names->size;
    char *place = print_grow(p, names, size);
    if (!place)
        return;
    memset(place, 0, size);
    if (!find_map(&p->fields, type))
        return;
    set_clear(p, &p->seen);
    for (; p->fields.entries; p->fields.entries--) {
        uint32_t index;
        print_name name = read_entry(&p->fields.reader, &index);
        if (!name)
            return;
        if (index < count)
            ((print_name *)((char *)names->data + start))[index] = add_unique(p, &p->seen, name);
    }
}

print_name print_field_name(const struct printer *p, uint32_t type, uint32_t field) {
    size_t types = p->field_base.size / sizeof(uint32_t), names = p->names[SPACE_FIELD].size / sizeof(print_name);
    const uint32_t *base = p->field_base.data;
    if (type >= types)
        return 0;
    size_t end = type + 1 < types ? base[type + 1] : names;
    return field < end - base[type] ? ((const print_name *)p->names[SPACE_FIELD].data)[base[type] + field] : 0;
}

/* ---- identifiers ---- */

static bool is_plain(struct murre_name text) {
    static const char others[] = "!#$%&'*+-./:<=>?@\\^_`|~";
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c && strchr(others, c))))
            return false;
    }
    return true;
}

/* Also in quotes as it is. */
static bool is_printable(struct murre_name text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~' || text.data[i] == '"' || text.data[i] == '\\')
            return false;
    return true;
}

void print_identifier(struct printer *p, print_name name, enum print_space space, uint32_t index, bool declared) {
    struct murre_name text = text_of(p, name);
    if (name & PRINT_CLASH) {
        /* The index alone tells them apart; the name is for readers. */
        print_text(p, " $\"#");
        print_text(p, space_names[space]);
        print_unsigned(p, index);
        print_char(p, ' ');
        if (text.size <= FREE_IDENTIFIER && is_printable(text))
            print_bytes(p, text.data, text.size);
        print_char(p, '"');
        if (declared) {
            print_text(p, " (@name ");
            print_string(p, text);
            print_char(p, ')');
        }
    } else if (is_plain(text)) {
        print_text(p, " $");
        print_bytes(p, text.data, text.size);
    } else {
        print_text(p, " $");
        print_string(p, text);
    }
}

print_name print_name_of(const struct printer *p, enum print_space space, uint32_t index) {
    const struct print_vector *names = &p->names[space];
    return index < names->size / sizeof(print_name) ? ((const print_name *)names->data)[index] : 0;
}

bool print_afford_name(struct printer *p, print_name name) {
    size_t size = text_of(p, name).size;
    return size <= FREE_IDENTIFIER || print_afford(p, size);
}

static void refer(struct printer *p, print_name name, enum print_space space, uint32_t index) {
    if (name && print_afford_name(p, name)) {
        print_identifier(p, name, space, index, false);
    } else {
        print_char(p, ' ');
        print_unsigned(p, index);
    }
}

void print_index(struct printer *p, enum print_space space, uint32_t index) {
    refer(p, print_name_of(p, space, index), space, index);
}

void print_field(struct printer *p, uint32_t type, uint32_t field) {
    refer(p, print_field_name(p, type, field), SPACE_FIELD, field);
}

void print_declared(struct printer *p, enum print_space space, uint32_t index) {
    print_name name = print_name_of(p, space, index);
    if (name)
        print_identifier(p, name, space, index, true);
    print_text(p, " (;");
    print_unsigned(p, index);
    print_text(p, ";)");
}
