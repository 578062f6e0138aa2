/* Sites: what is known of places in compiled code. A function's code has a table of them, made with it and immutable. A site is the return address of
 * a call, or the address of an instruction that can fault, with the offset of its Wasm instruction in the module and its kind.
 * Backtraces, the fault handler, and whatever else has to know where code came from read this one table.
 *
 * Looking up is async-signal-safe and takes no lock; the table must exist, as it does while anybody can be in the code.
 *
 * The form. In ascending order of the pc, a site is its kind, the distance from the pc before, and the difference to the offset before, in bits:
 * Huffman codes, which are the same for all tables (site.c), for small numbers and for the powers of two of others. Every 128 sites a mark holds
 * the sums so far, so that looking up takes no longer in a large function than in a small one: 0.5 us, most of it for decoding 64 sites. Making a
 * table takes 30 ns per site; compiling takes 4,600 and more.
 *
 * What it costs, in bytes of tables, all of them counted, for each 100 bytes of code (tests/tools/jitdump, "all"):
 *
 *                     x86-64, level 1    level 2    AArch64, level 1    level 2
 *     Lua                         7.8        7.9                 7.0        7.2
 *     QuickJS                     6.8        7.0                 6.2        6.3
 *     SQLite                      7.8        8.0                 6.8        7.1
 *     boolector                   7.7        7.9                 7.1        7.3
 *     Go                          7.4        7.4
 *     resvg                       7.0        7.0
 *     flite                       7.9        7.8
 *     CPython 3.12               11.8       11.0                 8.1
 *
 * There is a site for every 22 to 30 bytes of code, in this CPython for every 12, and each takes 10 to 13 bits. Level 0 has more code but no more sites.
 *
 * Rejected: bytes (a byte with kind and distance, LEB128 for the offset, marks for every 64 sites), looked up in 0.06 us: 8.7 to 10.9 for most, but
 * 16.7 and 18.7 for CPython, with a limit of 12; numbers in exponential Golomb codes, with the best parameter for each table: 8.8 to 9.1 and 13.0 to 14.2;
 * entries of 8 bytes: 30 to 65; the number of the instruction in the body instead of its offset (two to four bits less), since the module's bytes would
 * then have to be read to find the offset, in a signal handler, and may be in a file that has changed; the length of an instruction that can fault:
 * instead a fault counts only at exactly the machine instruction that accesses memory. */
#ifndef MURRE_RUNTIME_SITE_H
#define MURRE_RUNTIME_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct murre_allocator;

enum murre_site_kind {
    MURRE_SITE_CALL,
    MURRE_SITE_LEAVE,  /* a call of another instance's function, or of the host's: store->left is whose */
    MURRE_SITE_MEMORY, /* an access of linear memory: a fault in a guard region is out of bounds */
    MURRE_SITE_CALLEE, /* an access of the type of a function that is to be called: a fault at null is a null reference */
};

struct murre_site {
    uint32_t pc;     /* bytes from the start of the function's code: behind a call, or of the instruction */
    uint32_t offset; /* in the module, of the Wasm instruction */
    enum murre_site_kind kind;
};

struct murre_sites;

/* sites: ascending by pc. NULL: no memory. */
struct murre_sites *murre_sites_new(const struct murre_allocator *allocator, const struct murre_site *sites, size_t count);
void murre_sites_delete(const struct murre_allocator *allocator, struct murre_sites *sites);
/* Bytes that it takes. */
size_t murre_sites_size(const struct murre_sites *sites);

/* The site of a call that returns to pc, of an instruction that faults at pc. False: there is none. sites may be NULL: it has none. */
bool murre_sites_find_call(const struct murre_sites *sites, uint32_t pc, struct murre_site *site);
bool murre_sites_find_fault(const struct murre_sites *sites, uint32_t pc, struct murre_site *site);

#endif
