/* An interpreter of a small stack machine, run on a program that counts Collatz steps: one big switch in a loop. */
#define KERNEL_REPEATS 10
#include "kernel.h"

enum op { PUSH, LOAD, STORE, ADD, MUL, AND, SHIFT_RIGHT, LESS, JUMP, JUMP_IF_ZERO, HALT };

/* Locals: 0 the number under test, 1 its running value, 2 the steps so far, 3 the limit. */
enum { OUTER = 4, WHILE = 15, ODD = 38, SET = 46, COUNT = 48, NEXT = 57, DONE = 66 };

static const int32_t program[] = {
    [0] = PUSH,
    1,
    STORE,
    0,
    [OUTER] = LOAD,
    0,
    LOAD,
    3,
    LESS,
    JUMP_IF_ZERO,
    DONE,
    [11] = LOAD,
    0,
    STORE,
    1,
    [WHILE] = PUSH,
    1,
    LOAD,
    1,
    LESS,
    JUMP_IF_ZERO,
    NEXT,
    [22] = LOAD,
    1,
    PUSH,
    1,
    AND,
    JUMP_IF_ZERO,
    31,
    JUMP,
    ODD,
    [31] = LOAD,
    1,
    PUSH,
    1,
    SHIFT_RIGHT,
    JUMP,
    SET,
    [ODD] = LOAD,
    1,
    PUSH,
    3,
    MUL,
    PUSH,
    1,
    ADD,
    [SET] = STORE,
    1,
    [COUNT] = LOAD,
    2,
    PUSH,
    1,
    ADD,
    STORE,
    2,
    JUMP,
    WHILE,
    [NEXT] = LOAD,
    0,
    PUSH,
    1,
    ADD,
    STORE,
    0,
    JUMP,
    OUTER,
    [DONE] = HALT,
};

NOINLINE static uint32_t execute(const int32_t *code, uint32_t limit) {
    uint32_t stack[16];
    uint32_t locals[4] = {0, 0, 0, limit};
    uint32_t *top = stack;
    const int32_t *pc = code;
    for (;;) {
        switch ((enum op) * pc++) {
        case PUSH: *top++ = (uint32_t)*pc++; break;
        case LOAD: *top++ = locals[*pc++]; break;
        case STORE: locals[*pc++] = *--top; break;
        case ADD: top--, top[-1] += *top; break;
        case MUL: top--, top[-1] *= *top; break;
        case AND: top--, top[-1] &= *top; break;
        case SHIFT_RIGHT: top--, top[-1] >>= *top; break;
        case LESS: top--, top[-1] = top[-1] < *top; break;
        case JUMP: pc = code + *pc; break;
        case JUMP_IF_ZERO: pc = *--top == 0 ? code + *pc : pc + 1; break;
        case HALT: return locals[2];
        }
    }
}

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    return execute(program, 15000 + repeat);
}
