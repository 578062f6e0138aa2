/* The imports of a prepared module: host functions that do the same in every run, and small objects. */
#ifndef MURRE_FUZZ_HOST_SIDE_H
#define MURRE_FUZZ_HOST_SIDE_H

#include "diff/side.h"

struct fuzz_run;
struct fuzz_host {
    struct fuzz_run *run;
    uint32_t index; /* of the import among functions; FUZZ_OF_TWIN is added */
};

struct fuzz_guest {
    struct murre_instance *instance; /* NULL while it starts */
    struct fuzz_host *hosts;         /* one an imported function */
};

/* One module in one store, instantiated twice: twin.h. */
struct fuzz_run {
    struct fuzz_log *log;
    const struct fuzz_plan *plan;
    struct murre_module *module;
    struct murre_store *store;
    struct fuzz_guest twin, guest; /* twin starts first, guest is the one whose functions are called */
    uint64_t host_calls;
    unsigned depth; /* of calls by host functions */
};

uint64_t fuzz_mix(uint64_t hash, uint64_t value);
/* A value of a type, as bits choose: often a border. instance gives functions, and so does the other one; may be NULL. */
union murre_slot fuzz_value(const struct fuzz_run *run, struct murre_instance *instance, murre_valtype type, uint64_t bits);
/* A value as a number that is the same in every run. */
uint64_t fuzz_see_value(const struct fuzz_run *run, murre_valtype type, union murre_slot value);
/* Calls func with arguments that follow from bits; logs how it ended and its results. The trap is the caller's. */
struct murre_trap *fuzz_call(struct fuzz_run *run, enum fuzz_seen what, struct murre_func *func, uint64_t bits);
/* One object an import, to be freed, all of them the host's; guest->hosts is filled. NULL when something cannot be had. */
struct murre_extern *fuzz_provide(struct fuzz_run *run, struct fuzz_guest *guest);

#endif
