/* The made-up host of a generated module: values, and something for every import.
 *
 * A function of the host records how it was called, changes a place in the memory of its caller (so that a tier that keeps a value over the
 * call is found out), gives results that follow from the number of the call alone, and now and then traps. */
#ifndef MURRE_DIFFERENTIAL_HOST_H
#define MURRE_DIFFERENTIAL_HOST_H

#include "record.h"

struct host_func {
    struct host *host;
    uint32_t import;
    struct murre_functype type; /* borrowed from the module */
};

/* Belongs to one store and lives at least as long. */
struct host {
    struct record *record;
    uint64_t calls;
    struct murre_func *func; /* some function, for references to functions */
    struct host_func *funcs; /* one an import */
    struct murre_extern *imports;
    uint32_t import_count;
};

/* The n-th value of a type into its slots: the edges of integers, numbers of all kinds, signed and signalling NaNs with a payload. */
void host_value(murre_valtype type, uint64_t n, void *func, union murre_slot *slots);
/* The bits of a value that count, of a v128 both halves mixed; func_id gives those of a reference to a function. */
uint64_t host_bits(murre_valtype type, const union murre_slot *slots, uint64_t (*func_id)(void *context, void *func), void *context);

/* False when memory is short or an import cannot be made up. */
bool host_init(struct host *host, struct record *record, struct murre_store *store, const struct murre_module *module);
void host_fini(struct host *host);

#endif
