/* Finds the features that code needs, quickly: about one byte per nanosecond. Nothing is validated. */
#ifndef MURRE_WASM_SCAN_H
#define MURRE_WASM_SCAN_H

#include "wasm/module.h"

struct murre_scan_row {
    murre_features features;
    uint8_t one, two; /* 1: it has that many integers at least */
    uint8_t fixed;    /* bytes behind them */
    uint8_t check;    /* which row of walks */
};
struct murre_scan {
    struct murre_scan_row rows[256]; /* by an instruction's first byte */
    bool walks[4][256];              /* by the second: the instruction is not short */
};

void murre_scan_init(struct murre_scan *scan);
/* Of a body: locals and code. Where it is malformed: of what stands before the fault. module: where the bytes start; limit: where they end. */
murre_features murre_scan_body(const struct murre_scan *scan, const uint8_t *module, const uint8_t *start, const uint8_t *end,
                               const uint8_t *limit);
/* Of all bodies of a decoded module; stops soon when one needs one of stop_at. */
murre_features murre_scan_bodies(const struct murre_module_info *info, murre_features stop_at);

/* What the custom section "target_features" says that the module uses (tool conventions; written by LLVM and who links with it). */
murre_features murre_scan_target_features(const struct murre_module_info *info);

#endif
