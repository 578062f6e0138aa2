/* Handlers: sequences of two and three instructions (pairs.def). */
#include "interp/body_control.h"
#include "interp/body_float.h"
#include "interp/body_integer.h"
#include "interp/body_memory.h"
#include "interp/body_move.h"

#define PAIR(first, second)                                                                                                             \
    LONE_HANDLER(first##__##second) {                                                                                                   \
        struct regs r = REGS_OF_ARGS;                                                                                                   \
        murre_handler *elsewhere = body_##first(&r);                                                                                    \
        if (__builtin_expect(elsewhere != NULL, 0))                                                                                     \
            MUSTTAIL return elsewhere(ARGS_OF_REGS);                                                                                    \
        MUSTTAIL return inline_##second(ARGS_OF_REGS);                                                                                  \
    }
#define TRIPLE(first, second, third)                                                                                                    \
    LONE_HANDLER(first##__##second##__##third) {                                                                                        \
        struct regs r = REGS_OF_ARGS;                                                                                                   \
        murre_handler *elsewhere = body_##first(&r);                                                                                    \
        if (__builtin_expect(elsewhere != NULL, 0))                                                                                     \
            MUSTTAIL return elsewhere(ARGS_OF_REGS);                                                                                    \
        elsewhere = body_##second(&r);                                                                                                  \
        if (__builtin_expect(elsewhere != NULL, 0))                                                                                     \
            MUSTTAIL return elsewhere(ARGS_OF_REGS);                                                                                    \
        MUSTTAIL return inline_##third(ARGS_OF_REGS);                                                                                   \
    }

#include "interp/pairs.def"
