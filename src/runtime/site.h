/* Sites: what is known of places in compiled code. A function's code has a table of them, made with it and immutable: for each call the address
 * that it returns to, for each instruction that can fault its own, and with it the offset in the module of the Wasm instruction and what it is.
 * Backtraces, the fault handler, and whoever wants to know where code came from read this one table.
 *
 * Looking up is async-signal-safe and takes no lock; the table must live, as it does while somebody can be in the code.
 *
 * The form. In ascending order of the pc, a site is: a byte with the kind (2 bits) and the distance from the pc before (6 bits; 63: a number
 * follows, by which it is larger); the difference to the offset before, as a number. Numbers are LEB128, differences with their sign in the lowest
 * bit. Before every MARK sites but the first a mark holds the sums so far, so that looking up takes as long in a large function as in a small one.
 *
 * What it costs, in bytes of tables for each 100 bytes of code, all functions at level 2 on x86-64 (`jitdump FILE.wasm all 2`): Lua 7.9, SQLite 8.0,
 * QuickJS 7.0, Go 7.4; what malloc adds to a block is not in it. Not taken: plain entries of 8 bytes (34); only the number of the instruction in the body instead of its
 * offset (about 5, but then the module's bytes must be read to find the offset, which may lie in a file that has changed); the length of an
 * instruction that can fault (4 more: instead a fault counts only at the very instruction of the machine that accesses memory). */
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
