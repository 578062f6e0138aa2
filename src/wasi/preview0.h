/* Preview 0 (module wasi_unstable, wasi_unstable.witx), which the toolchains of 2019 targeted, in addition to preview 1. The calls are the same, on
 * the same object; struct murre_wasi_call says which of the two a guest has used. The only differences:
 *
 *   sock_accept              and the right to it do not exist
 *   fd_seek                  whence is 0: current, 1: end, 2: start; preview 1 has 0: start, 1: current, 2: end
 *   filestat                 nlink is a u32 at 20, and what follows is 8 bytes lower: 56 bytes instead of 64
 *   subscription of a clock  an identifier (u64) comes first, so that the rest is 8 bytes higher, and a subscription has 56 bytes instead of 48
 *
 * Signatures, errors, all other numbers and structures (event among them) are equal. */
#ifndef MURRE_WASI_PREVIEW0_H
#define MURRE_WASI_PREVIEW0_H

#include "wasi/internal.h"

/* Sizes in bytes, all aligned to 8. */
static inline uint32_t murre_wasi_filestat_size(const struct murre_wasi_call *call) {
    return call->preview0 ? 56 : 64;
}
static inline uint32_t murre_wasi_subscription_size(const struct murre_wasi_call *call) {
    return call->preview0 ? 56 : 48;
}
/* Where a subscription's clock begins: {u32 id; u64 timeout at 8; u64 precision at 16; u16 flags at 24}. */
static inline uint32_t murre_wasi_clock_offset(const struct murre_wasi_call *call) {
    return call->preview0 ? 24 : 16;
}
/* The rights that the guest's version knows. */
static inline uint64_t murre_wasi_known_rights(const struct murre_wasi_call *call, uint64_t rights) {
    return call->preview0 ? rights & ~WASI_RIGHT_SOCK_ACCEPT : rights;
}

#endif
