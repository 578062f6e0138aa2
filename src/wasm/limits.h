/* Implementation limits, those of the JavaScript API's appendix "Implementation-defined Limits": a module that runs in browsers runs here, and
 * one that exceeds them is refused with MURRE_ERROR_LIMIT before it can use up memory or time. */
#ifndef MURRE_WASM_LIMITS_H
#define MURRE_WASM_LIMITS_H

enum {
    MURRE_MAX_MODULE_SIZE = 1024 * 1024 * 1024,
    MURRE_MAX_TYPES = 1000000,
    MURRE_MAX_FUNCTIONS = 1000000,
    MURRE_MAX_IMPORTS = 1000000,
    MURRE_MAX_EXPORTS = 1000000,
    MURRE_MAX_GLOBALS = 1000000,
    MURRE_MAX_TAGS = 1000000,
    MURRE_MAX_DATA_SEGMENTS = 100000,
    MURRE_MAX_ELEM_SEGMENTS = 10000000,
    MURRE_MAX_SEGMENT_ENTRIES = 10000000,
    MURRE_MAX_TABLES = 100000,
    MURRE_MAX_TABLE_SIZE = 10000000,      /* entries that a table may reach at run time */
    MURRE_MAX_TABLE_ELEMENTS = 100000000, /* that a module's own tables may start with together; ours */
    MURRE_MAX_MEMORIES = 100,
    MURRE_MAX_MEMORY_PAGES = 65536,
    MURRE_MAX_BODY_SIZE = 7654321,
    MURRE_MAX_LOCALS = 50000,
    MURRE_MAX_PARAMS = 1000,
    MURRE_MAX_RESULTS = 1000,
    MURRE_MAX_NESTING = 100000, /* blocks open at once; ours, the standard names none */
    MURRE_MAX_NAME_SIZE = 100000,
    MURRE_MAX_BRANCH_TABLE = 65520, /* targets of one; as browsers have it */
    MURRE_MAX_OPERANDS = 262144,    /* on the operand stack at once; ours; 64 times a power of two, as the stack grows */
    MURRE_PAGE_SIZE = 65536,
    /* What a module may make the engine keep, in bytes: so much, and so much more for each byte of the module. With the module's own bytes,
     * tables (16 MiB in murre run) and the process itself it stays within 64 MiB and eight times the module; where bounds are compared,
     * within 118 MiB and 17 times, since compilations may work with three times as much then (most_memory in tier_queue.c). Real modules
     * take two to three times their size. */
    MURRE_MODULE_MEMORY = 36 << 20,
    MURRE_MODULE_MEMORY_A_BYTE = 6,
};

#endif
