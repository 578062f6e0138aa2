/* A function's body, instruction by instruction, with what is known of its stack: which ranges of code make one value, and which labels are
 * open at each place. For valid bodies. */
#ifndef MURRE_FUZZ_SCAN_H
#define MURRE_FUZZ_SCAN_H

#include "module/generate.h"

struct fuzz_instr {
    size_t start, end; /* bytes of the code */
    bool live;         /* not behind a branch that is always taken */
    struct murre_instruction is;
};

/* Instructions first to last, which together leave one more value on the stack and take none from below. They may branch. */
struct fuzz_range {
    uint32_t first, last;
    murre_valtype type;
};

struct fuzz_scan {
    FUZZ_LIST(struct fuzz_instr) code;
    FUZZ_LIST(struct fuzz_range) values;
};

/* In g->module's arena. */
void fuzz_scan(struct fuzz_gen *g, uint32_t func, struct fuzz_scan *scan);
/* g->labels as they are before instruction `at`, g->func and g->loops as well, so that code can be made for that place. */
void fuzz_scan_labels(struct fuzz_gen *g, uint32_t func, uint32_t at);

#endif
