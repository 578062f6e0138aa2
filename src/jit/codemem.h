/* Executable memory of one engine.

   One contiguous reservation (64 MiB by default, less if address space is short), placed near this library's own text if the kernel
   allows it, so that compiled code reaches other compiled code and most helpers by a direct call: x86-64 reaches ±2 GiB, AArch64
   ±128 MiB. This is only for speed: if it is elsewhere, calls go through registers, as all calls do on AArch64 except a function's call
   of itself. What must be in reach there, branches (±1 MiB conditional, ±128 MiB otherwise) and constants (±1 MiB), is within a
   function; larger functions are refused.

   No page is ever writable and executable, and none is writable at all except while a block is copied into it, under the lock, between two
   mprotect calls. The memory is a memfd mapped twice: code runs from the first mapping (read and execute), and is written through the second,
   which allows no access at other times. Without a memfd, blocks fill whole pages of an anonymous mapping, which are not executable while they are
   written. (Keeping the memfd and writing with pwrite would need no writable page, but a host that closes descriptors which it does not know could
   have code written into a file of its own. A window costs three microseconds; an average compilation takes half a millisecond.)

   Units are bytes. Thread safe: any thread may allocate, commit and free. murre_codemem_find and
   murre_codemem_contains take no lock and may be called in a signal handler.

   After fork() a child continues to run existing code but can compile nothing more: the memory is shared with its parent, and the second mapping
   stayed with the parent. In the child murre_codemem_begin fails, freeing does nothing, and no lock is taken, since a thread of the parent may have
   held it. In the parent, the place of a block that was committed before a fork is not reused after the block is freed, but kept until the whole
   memory is freed, as a child may still run the code. (Without a second mapping each process has its own memory, so the parent keeps nothing.) */
#ifndef MURRE_JIT_CODEMEM_H
#define MURRE_JIT_CODEMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct murre_codemem;

/* What lies before each block's code. The code itself begins at the next multiple of MURRE_CODE_ALIGN. */
struct murre_codeblock {
    uint32_t magic;     /* MURRE_CODEBLOCK_MAGIC while the block lives */
    uint32_t code_size; /* bytes of code and constants, without this header */
    void *owner;        /* whatever murre_codemem_commit was given */
    uint32_t frameless; /* 1: the code sets up no frame; its caller's is current and its return address lies at the stack
                           pointer (x86-64) or in the link register (AArch64) */
    uint32_t reserved;
    uint64_t forks; /* forks of this process that were over when it was committed */
};

enum {
    MURRE_CODE_ALIGN = 32,
    MURRE_CODEBLOCK_MAGIC = 0x6d757262,
};

/* A block that is being written. `code` is the address at which it will run; `write` is a buffer for its bytes, which commit copies. */
struct murre_codewrite {
    uint8_t *code;
    uint8_t *write;
    size_t size;
};

/* reserve: bytes of address space, 0 for the default. NULL when the system refuses executable memory. */
struct murre_codemem *murre_codemem_new(size_t reserve);

/* The same without the second mapping, as where there is no memfd. For tests. */
struct murre_codemem *murre_codemem_new_pages(size_t reserve);

/* Nothing of this process may run in it any more; what children run, and parents, stays. */
void murre_codemem_delete(struct murre_codemem *mem);

/* Takes room for `size` bytes of code. False when the memory is full. */
bool murre_codemem_begin(struct murre_codemem *mem, size_t size, struct murre_codewrite *out);

/* Makes a written block executable and visible to murre_codemem_find; `owner` may be NULL. False when the system refuses
   (the block is gone then). */
bool murre_codemem_commit(struct murre_codemem *mem, const struct murre_codewrite *block, void *owner, bool frameless);

/* Gives back a block that was begun and not committed. */
void murre_codemem_abandon(struct murre_codemem *mem, const struct murre_codewrite *block);

/* Frees a committed block by its code address. Nobody of this process may be in it, or return into it, any more. */
void murre_codemem_free(struct murre_codemem *mem, const void *code);

/* Whether this process has the memory from its parent, by fork. */
bool murre_codemem_inherited(const struct murre_codemem *mem);

/* The block whose code contains pc, or NULL. Async-signal-safe. The answer is stable only while the block cannot be freed:
   ask for a pc of a thread that is (or was stopped) in it. */
const struct murre_codeblock *murre_codemem_find(const struct murre_codemem *mem, uintptr_t pc);

/* Whether pc lies in this memory at all. Async-signal-safe. */
bool murre_codemem_contains(const struct murre_codemem *mem, uintptr_t pc);

static inline const uint8_t *murre_codeblock_code(const struct murre_codeblock *block) {
    return (const uint8_t *)(block + 1);
}

struct murre_codemem_stats {
    size_t reserved; /* address space of the executable mapping */
    size_t used;     /* bytes in live blocks, headers and padding included */
    size_t blocks;   /* live blocks */
    size_t kept;     /* bytes in blocks that were freed and are not used again, because of a fork */
};

/* Not in a child. */
void murre_codemem_stats(struct murre_codemem *mem, struct murre_codemem_stats *out);

_Static_assert(sizeof(struct murre_codeblock) == MURRE_CODE_ALIGN, "a block's code follows its header");

#endif
