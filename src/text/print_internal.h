/* The printer's parts. print.c goes over the sections, print_type.c prints types, print_instruction.c instructions, print_body.c bodies with these in lines,
 * print_fold.c folded, print_name.c has identifiers and print_out.c the output with its numbers.
 *
 * Time, memory and text are linear in the module's bytes: what is repeated wherever two bytes refer to it (long identifiers, signatures, locals) is
 * paid for from a budget (struct printer, budget), and is a plain index or left out when that is used up. Nothing recurses. One thread. */
#ifndef MURRE_TEXT_PRINT_INTERNAL_H
#define MURRE_TEXT_PRINT_INTERNAL_H

#include "text/print.h"
#include "wasm/types.h"
#include "wasm/walk.h"

enum { OUT_SIZE = 1 << 16 };

/* Index spaces with identifiers, in the order of the name section's subsections (appendix A.4.1). */
enum print_space {
    SPACE_FUNC,
    SPACE_LOCAL,
    SPACE_LABEL,
    SPACE_TYPE,
    SPACE_TABLE,
    SPACE_MEMORY,
    SPACE_GLOBAL,
    SPACE_ELEM,
    SPACE_DATA,
    SPACE_FIELD,
    SPACE_TAG,
    SPACE_COUNT
};

/* Where a name is: offset of its size in the module, or 0; with PRINT_CLASH where the identifier is made up, as the name is empty, starts as such
 * an identifier does, or is another's already. */
typedef uint32_t print_name;
#define PRINT_CLASH ((uint32_t)1 << 31)

/* A vector of bytes that grows. */
struct print_vector {
    void *data;
    size_t size, capacity; /* bytes */
};

/* Names that were seen, to find those that occur twice. Open addressing, at most half full. */
struct print_set {
    uint32_t count, capacity; /* capacity: a power of two, or 0 */
    print_name *names;
};

/* An indirect map that is read in order. */
struct print_map {
    struct murre_reader reader;
    struct murre_error error;
    uint32_t maps, entries; /* left: maps in all; entries in the current one */
    uint32_t index;         /* of the next entry, or of the next map where entries is 0 */
    bool known;             /* index has been read */
};

struct print_label {
    print_name name;
    uint32_t ordinal; /* of the block in its function */
    uint16_t op;      /* what opened it, or its last division */
};

struct printer {
    const uint8_t *bytes;
    size_t size;
    const struct murre_allocator *allocator;
    bool (*write)(void *context, const char *text, size_t size);
    void *context;
    bool offsets, folded;
    bool failed;                /* no memory, or write returned false: error is set */
    struct murre_error *error;  /* first fault */
    struct murre_reader reader; /* of the current section */
    uint64_t seed;
    uint64_t spent, budget; /* characters of what is repeated */

    /* The rest of the indirect maps, in order of functions and types, and of the current function's labels. */
    struct print_map locals, labels, fields;
    struct print_set body_seen; /* names of the current function's locals, then of its labels */
    bool has_labels;            /* the map of labels is at the current function's */

    struct print_vector names[SPACE_COUNT]; /* print_name by index; of locals: of the current function; of fields: from field_base on */
    struct print_set seen;
    struct print_vector types;      /* uint32_t: offset of the parameters of a function type, or 0 */
    struct print_vector field_base; /* uint32_t by type: where its fields' names start */
    struct print_vector func_types; /* uint32_t by function */
    uint32_t counts[SPACE_COUNT];
    uint32_t func_imports, data_count;
    bool has_data_count;

    struct print_vector stack; /* struct print_label: blocks open in the body */
    uint32_t ordinal;          /* blocks so far */
    struct print_vector nodes; /* print_fold.c */
    struct print_vector work;

    uint64_t lines; /* so far */
    uint64_t noted; /* the line that a comment ends */
    size_t used;    /* of out */
    char out[OUT_SIZE];
};

/* ---- print_out.c ---- */

void print_flush(struct printer *p);
void print_bytes(struct printer *p, const char *text, size_t size);
void print_text(struct printer *p, const char *text);
void print_char(struct printer *p, char c);
void print_unsigned(struct printer *p, uint64_t value);
void print_signed(struct printer *p, int64_t value);
/* A new line at a depth, with the offset of what it shows where offsets are wanted. */
void print_line(struct printer *p, uint64_t offset, uint32_t depth);
/* A line that shows no byte of the module. */
void print_bare_line(struct printer *p, uint32_t depth);
void print_f32(struct printer *p, uint32_t bits);
void print_f64(struct printer *p, uint64_t bits);
/* In quotes: data as bytes; names as characters. */
void print_data(struct printer *p, const uint8_t *data, size_t size);
void print_string(struct printer *p, struct murre_name name);
/* Whether so many characters more may be repeated. */
bool print_afford(struct printer *p, uint64_t characters);
void print_out_of_memory(struct printer *p);
/* Room for size bytes more behind those that there are, counted as used; NULL without memory. */
void *print_grow(struct printer *p, struct print_vector *vector, size_t size);
void print_free(struct printer *p, struct print_vector *vector);

/* ---- print_name.c ---- */

/* Reads the name section: contents is a reader of it. */
void print_read_names(struct printer *p, struct murre_reader contents);
void print_free_names(struct printer *p);
print_name print_name_of(const struct printer *p, enum print_space space, uint32_t index);
/* Whether a reference to it may be by name. */
bool print_afford_name(struct printer *p, print_name name);
/* " $name" or " 12". */
void print_index(struct printer *p, enum print_space space, uint32_t index);
/* " $name (;12;)", with the annotation that keeps the name where the identifier is another. */
void print_declared(struct printer *p, enum print_space space, uint32_t index);
/* " $name", and the annotation where declared; nothing if there is none. */
void print_identifier(struct printer *p, print_name name, enum print_space space, uint32_t index, bool declared);
/* The names of a function's locals and labels, and of a type's fields; functions and types come in order. */
void print_begin_locals(struct printer *p, uint32_t func);
void print_end_locals(struct printer *p);
/* The next block's name. */
print_name print_label_name(struct printer *p);
void print_begin_fields(struct printer *p, uint32_t type, uint32_t count);
print_name print_field_name(const struct printer *p, uint32_t type, uint32_t field);
void print_field(struct printer *p, uint32_t type, uint32_t field);
void print_module_name(struct printer *p, struct murre_reader contents);

/* ---- print_type.c ---- */

void print_type_section(struct printer *p);
/* Reads and prints " i32", " (ref null $t)". */
void print_value_type(struct printer *p, struct murre_reader *r);
void print_heap_type(struct printer *p, struct murre_reader *r);
/* " (ref null any)" of a heap type. */
void print_reference(struct printer *p, struct murre_reader *r, bool nullable);
void print_limits(struct printer *p, struct murre_reader *r, bool table);
/* " (type 3) (param i32) (result i32)", and how many parameters. named: those of the current function, with their names. */
uint32_t print_type_use(struct printer *p, uint32_t type, bool named);
/* Counts of a function type; false where there is none. */
bool print_arity(const struct printer *p, uint32_t type, uint32_t *params, uint32_t *results);
void print_global_type(struct printer *p, struct murre_reader *r);

/* ---- print_instruction.c ---- */

/* Name and immediates, without what surrounds it. */
void print_instruction(struct printer *p, const struct murre_instruction *i);
/* A constant expression, its end included: in parentheses, with word in front where it is not one instruction ("offset", "item"); without word, plain. */
void print_expression(struct printer *p, struct murre_reader *r, const char *word);

/* ---- print_body.c ---- */

/* A function's body: r is at its locals; params: how many of its locals are parameters. */
void print_body(struct printer *p, struct murre_reader *r, uint32_t params);
uint32_t print_depth(const struct printer *p);                               /* blocks open */
struct print_label *print_label_at(const struct printer *p, uint32_t label); /* NULL: the function's own, or none */
/* Opens or closes blocks, as an instruction does; false with an error where it must not stand. */
bool print_nest(struct printer *p, struct murre_reader *r, enum murre_op op);
bool print_opens(enum murre_op op);
bool print_divides(enum murre_op op);
bool print_closes(enum murre_op op);
/* An opening instruction that print_nest has seen: name, label, type. */
void print_opening(struct printer *p, const struct murre_instruction *i);

/* ---- print_fold.c ---- */

void print_folded(struct printer *p, struct murre_reader *r);

#endif
