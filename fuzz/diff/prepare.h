/* Changes any valid module so that its runs end, are the same every time, and can be compared:
 *  - a counter, a new global, is decreased at every function's entry, at every loop's head and before every bulk instruction, by the possible
 *    cost; when it is used up, the run traps at a place on which every tier must agree;
 *  - where the specification leaves the bits of a NaN open, they are made canonical: either behind each instruction that makes such bits
 *    (`exact`: everything is comparable bit by bit), or only before each that would let them be seen (chains of float arithmetic stay as
 *    they are; float results and arguments of host functions are then compared with any NaN equal);
 *  - memories and tables stay small. */
#ifndef MURRE_FUZZ_PREPARE_H
#define MURRE_FUZZ_PREPARE_H

#include "module/module.h"

struct fuzz_plan {
    uint32_t fuel_global;
    int32_t fuel; /* that it starts with; to be set again before each call */
    bool exact;
    uint64_t links; /* any bits: what an instance takes of the other, see twin.h */
};

/* choice: any bits; they choose between the ways above. */
struct fuzz_plan fuzz_prepare(struct fuzz_module *module, uint64_t choice);

#endif
