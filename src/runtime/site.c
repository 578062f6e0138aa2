/* See site.h. */
#include "runtime/site.h"

#include "base/alloc.h"

/* ---- the code ------------------------------------------------------------------------------------------------------------------- */

/* An alphabet: DIRECT numbers as they are; NEAR ranges of 2^0, 2^1… numbers after these, followed by the number's place in its range in as many bits;
 * farther ranges, followed by their power in POWER_BITS; and one more symbol. */
enum {
    MARK = 128,
    POWER_BITS = 5,
    NEAR = 7,
    PC_DIRECT = 24,
    PC_FAR = PC_DIRECT + NEAR,
    PC_OTHER, /* the site is no MURRE_SITE_MEMORY: a bit, and behind a 1 another, tell what it is; the distance's symbol follows */
    PC_SYMBOLS,
    OFFSET_DIRECT = 16,
    OFFSET_FAR = OFFSET_DIRECT + NEAR,
    OFFSET_BACK, /* below the offset before: a power follows */
    OFFSET_SYMBOLS,
    MOST_SYMBOLS = PC_SYMBOLS,
    LONGEST = 11,
};
_Static_assert(OFFSET_SYMBOLS <= MOST_SYMBOLS, "room for each alphabet");

/* Bits of each symbol, Huffman's for how often it is in the programs that site.h names, at levels 1 and 2. Of distances in bytes: */
static const uint8_t pc_bits[PC_SYMBOLS] = {
    6, 10, 10, 9, 4, 4, 7, 5, 4, 5, 5, 5, 5, 6, 5, 6, 6, 6, 7, 7, 7, 7, 7, 7, /* DIRECT */
    7, 5,  5,  4, 4, 5, 7, 8, 2,                                              /* NEAR, FAR, OTHER */
};
/* Of distances in words of 4 bytes, where all pcs are such: */
static const uint8_t word_bits[PC_SYMBOLS] = {
    7, 3, 2, 3, 4, 4,  5,  5,  5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 8, 8, 8, 9, 9, /* DIRECT */
    9, 8, 8, 8, 8, 10, 11, 11, 3,                                              /* NEAR, FAR, OTHER */
};
static const uint8_t offset_bits[OFFSET_SYMBOLS] = {
    4, 9, 9, 4, 6, 4, 5, 3, 4, 5, 4, 4, 4, 5, 5, 5, /* DIRECT */
    6, 5, 4, 4, 5, 6, 8, 7, 5,                      /* NEAR, FAR, BACK */
};

/* The canonical code of such lengths: the symbols of a length have codes that follow each other, behind those of shorter ones. */
struct code {
    const uint8_t *bits;
    uint16_t first[LONGEST + 1]; /* code of each length */
    uint8_t count[LONGEST + 1], from[LONGEST + 1];
    uint8_t symbols[MOST_SYMBOLS]; /* by length */
    uint16_t codes[MOST_SYMBOLS];  /* of each symbol */
};

static void code_init(struct code *code, const uint8_t *bits, unsigned symbol_count) {
    uint8_t used[LONGEST + 1] = {0};
    *code = (struct code){.bits = bits};
    for (unsigned symbol = 0; symbol < symbol_count; symbol++)
        code->count[bits[symbol]]++;
    for (unsigned length = 1; length <= LONGEST; length++) {
        code->first[length] = (uint16_t)((code->first[length - 1] + code->count[length - 1]) << 1);
        code->from[length] = code->from[length - 1] + code->count[length - 1];
    }
    for (unsigned symbol = 0; symbol < symbol_count; symbol++) {
        unsigned length = bits[symbol], place = used[length]++;
        code->symbols[code->from[length] + place] = (uint8_t)symbol;
        code->codes[symbol] = (uint16_t)(code->first[length] + place);
    }
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------ */

struct mark {
    uint32_t pc, offset; /* of the last site before it; the pc in the table's unit */
    uint32_t at;         /* in the bits */
};

/* The first MARK sites need no mark: most functions have no more. */
struct murre_sites {
    uint32_t count;
    uint32_t size : 31, words : 1; /* of the bytes behind the marks; pcs are in words of 4 bytes */
    uint32_t offset;               /* of the first site */
    struct mark marks[];
};

enum { MOST_BYTES = UINT32_MAX / 8 - 64 }; /* so that bits have numbers of 32 bits */

static uint32_t mark_count(size_t count) {
    return count ? (uint32_t)((count - 1) / MARK) : 0;
}

static size_t size_of(size_t count, size_t size) {
    return sizeof(struct murre_sites) + mark_count(count) * sizeof(struct mark) + size;
}

static unsigned unit_bits(const struct murre_sites *sites) {
    return sites->words ? 2 : 0;
}

static void codes_init(const struct murre_sites *sites, struct code *pc, struct code *offset) {
    code_init(pc, sites->words ? word_bits : pc_bits, PC_SYMBOLS);
    code_init(offset, offset_bits, OFFSET_SYMBOLS);
}

/* ---- writing -------------------------------------------------------------------------------------------------------------------- */

struct writer {
    uint8_t *out; /* zeros, or NULL: the bits are only counted */
    size_t at;    /* in bits */
};

static void put_bits(struct writer *writer, uint32_t value, unsigned count) {
    if (!writer->out) {
        writer->at += count;
        return;
    }
    while (count > 0) {
        unsigned room = 8 - writer->at % 8, now = count < room ? count : room;
        unsigned part = value >> (count - now) & ((1u << now) - 1);
        writer->out[writer->at / 8] |= (uint8_t)(part << (room - now));
        writer->at += now;
        count -= now;
    }
}

static void put_symbol(struct writer *writer, const struct code *code, unsigned symbol) {
    put_bits(writer, code->codes[symbol], code->bits[symbol]);
}

static unsigned power_of(uint32_t value) {
    return 31 - (unsigned)__builtin_clz(value);
}

static void put_number(struct writer *writer, const struct code *code, uint32_t value, unsigned direct) {
    if (value < direct) {
        put_symbol(writer, code, value);
        return;
    }
    value -= direct - 1;
    unsigned power = power_of(value);
    put_symbol(writer, code, direct + (power < NEAR ? power : NEAR));
    if (power >= NEAR)
        put_bits(writer, power, POWER_BITS);
    put_bits(writer, value, power); /* its highest bit is known */
}

static void put_difference(struct writer *writer, const struct code *code, uint32_t difference) {
    if (difference >> 31 == 0) {
        put_number(writer, code, difference, OFFSET_DIRECT);
        return;
    }
    unsigned power = power_of(-difference);
    put_symbol(writer, code, OFFSET_BACK);
    put_bits(writer, power, POWER_BITS);
    put_bits(writer, -difference, power);
}

static void put_kind(struct writer *writer, const struct code *code, enum murre_site_kind kind) {
    if (kind == MURRE_SITE_MEMORY)
        return;
    put_symbol(writer, code, PC_OTHER);
    if (kind == MURRE_SITE_CALL)
        put_bits(writer, 0, 1);
    else
        put_bits(writer, kind == MURRE_SITE_LEAVE ? 2 : 3, 2);
}

/* Bits that the sites take; written where out is not NULL. */
static size_t put(const struct murre_sites *table, struct mark *marks, uint8_t *out, const struct murre_site *sites) {
    struct writer writer = {.out = out};
    struct code pc_code, offset_code;
    codes_init(table, &pc_code, &offset_code);
    uint32_t last_pc = 0, offset = table->offset;
    for (size_t i = 0; i < table->count; i++) {
        if (i % MARK == 0 && i > 0 && out)
            marks[i / MARK - 1] = (struct mark){last_pc, offset, (uint32_t)writer.at};
        uint32_t pc = sites[i].pc >> unit_bits(table);
        put_kind(&writer, &pc_code, sites[i].kind);
        put_number(&writer, &pc_code, pc - last_pc, PC_DIRECT);
        put_difference(&writer, &offset_code, sites[i].offset - offset);
        last_pc = pc;
        offset = sites[i].offset;
    }
    return writer.at;
}

struct murre_sites *murre_sites_new(const struct murre_allocator *allocator, const struct murre_site *sites, size_t count) {
    uint32_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= sites[i].pc;
    struct murre_sites header = {.count = (uint32_t)count, .words = all % 4 == 0, .offset = count ? sites[0].offset : 0};
    size_t bytes = (put(&header, NULL, NULL, sites) + 7) / 8;
    if (count > UINT32_MAX || bytes > MOST_BYTES)
        return NULL;
    header.size = (uint32_t)bytes;
    struct murre_sites *table = murre_alloc_zero(allocator, size_of(count, bytes));
    if (!table)
        return NULL;
    *table = header;
    put(table, table->marks, (uint8_t *)&table->marks[mark_count(count)], sites);
    return table;
}

void murre_sites_delete(const struct murre_allocator *allocator, struct murre_sites *sites) {
    if (sites)
        murre_free(allocator, sites, murre_sites_size(sites));
}

size_t murre_sites_size(const struct murre_sites *sites) {
    return sites ? size_of(sites->count, sites->size) : 0;
}

/* ---- reading: no lock, no call out of here -------------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *next, *end;
    uint64_t bits; /* read ahead, the next one highest; zeros behind the end */
    unsigned count;
};

/* Reads ahead for a symbol and what follows it, at most LONGEST + POWER_BITS + 31 bits. */
static void look_ahead(struct reader *reader) {
    for (; reader->count <= 56 && reader->next < reader->end; reader->count += 8)
        reader->bits |= (uint64_t)*reader->next++ << (56 - reader->count);
}
_Static_assert(LONGEST + POWER_BITS + 31 <= 57, "look_ahead suffices");

static uint32_t get_bits(struct reader *reader, unsigned count) {
    uint32_t value = count ? (uint32_t)(reader->bits >> (64 - count)) : 0;
    reader->bits <<= count;
    reader->count -= count;
    return value;
}

static unsigned get_symbol(struct reader *reader, const struct code *code) {
    look_ahead(reader);
    unsigned length = 1, value;
    while (value = (unsigned)(reader->bits >> (64 - length)) - code->first[length], value >= code->count[length])
        length++;
    get_bits(reader, length);
    return code->symbols[code->from[length] + value];
}

static uint32_t get_far(struct reader *reader, unsigned power) {
    return (uint32_t)1 << power | get_bits(reader, power);
}

/* A number that begins with this symbol, which is none of the alphabet's own. */
static uint32_t get_number(struct reader *reader, unsigned symbol, unsigned direct) {
    if (symbol < direct)
        return symbol;
    unsigned power = symbol - direct < NEAR ? symbol - direct : get_bits(reader, POWER_BITS);
    return get_far(reader, power) + direct - 1;
}

static uint32_t get_difference(struct reader *reader, const struct code *code) {
    unsigned symbol = get_symbol(reader, code);
    if (symbol != OFFSET_BACK)
        return get_number(reader, symbol, OFFSET_DIRECT);
    return -get_far(reader, get_bits(reader, POWER_BITS));
}

static void get(struct reader *reader, const struct code *pc, const struct code *offset, struct murre_site *site) {
    unsigned symbol = get_symbol(reader, pc);
    site->kind = MURRE_SITE_MEMORY;
    if (symbol == PC_OTHER) {
        site->kind = !get_bits(reader, 1) ? MURRE_SITE_CALL : get_bits(reader, 1) ? MURRE_SITE_CALLEE : MURRE_SITE_LEAVE;
        symbol = get_symbol(reader, pc);
    }
    site->pc += get_number(reader, symbol, PC_DIRECT);
    site->offset += get_difference(reader, offset);
}

static bool is_call(enum murre_site_kind kind) {
    return kind == MURRE_SITE_CALL || kind == MURRE_SITE_LEAVE;
}

/* How many marks have a pc below. */
static uint32_t marks_below(const struct murre_sites *sites, uint32_t pc) {
    uint32_t low = 0, high = mark_count(sites->count);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sites->marks[middle].pc < pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* An instruction that can fault may begin where a call returns to: both have the same pc. */
static bool find(const struct murre_sites *sites, uint32_t pc, bool call, struct murre_site *site) {
    if (!sites || (sites->words && pc % 4 != 0))
        return false;
    uint32_t wanted = pc >> unit_bits(sites), below = marks_below(sites, wanted);
    const struct mark start = {.offset = sites->offset}, *mark = below ? &sites->marks[below - 1] : &start;
    const uint8_t *bytes = (const uint8_t *)&sites->marks[mark_count(sites->count)];
    struct reader reader = {.next = bytes + mark->at / 8, .end = bytes + sites->size};
    look_ahead(&reader);
    get_bits(&reader, mark->at % 8);
    struct code pc_code, offset_code;
    codes_init(sites, &pc_code, &offset_code);
    *site = (struct murre_site){.pc = mark->pc, .offset = mark->offset};
    for (uint32_t i = below * MARK; i < sites->count; i++) {
        get(&reader, &pc_code, &offset_code, site);
        if (site->pc > wanted)
            return false;
        if (site->pc == wanted && is_call(site->kind) == call) {
            site->pc = pc;
            return true;
        }
    }
    return false;
}

bool murre_sites_find_call(const struct murre_sites *sites, uint32_t pc, struct murre_site *site) {
    return find(sites, pc, true, site);
}

bool murre_sites_find_fault(const struct murre_sites *sites, uint32_t pc, struct murre_site *site) {
    return find(sites, pc, false, site);
}
