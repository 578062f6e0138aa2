/* Handlers: sequences of two to four instructions (pairs.def). */
#include "interp/body_control.h"
#include "interp/body_float.h"
#include "interp/body_integer.h"
#include "interp/body_memory.h"
#include "interp/body_move.h"

/* Runs one that is not the last. True when it traps: r is where, elsewhere what goes on. */
#define STOPS(name) UNLIKELY((elsewhere = body_##name(&r)) != NULL)

#define PAIR(a, b)                                   \
    LONE_HANDLER(a##__##b) {                         \
        struct regs r = REGS_OF_ARGS;                \
        murre_handler *elsewhere;                    \
        if (STOPS(a))                                \
            MUSTTAIL return elsewhere(ARGS_OF_REGS); \
        MUSTTAIL return inline_##b(ARGS_OF_REGS);    \
    }
#define TRIPLE(a, b, c)                              \
    LONE_HANDLER(a##__##b##__##c) {                  \
        struct regs r = REGS_OF_ARGS;                \
        murre_handler *elsewhere;                    \
        if (STOPS(a) || STOPS(b))                    \
            MUSTTAIL return elsewhere(ARGS_OF_REGS); \
        MUSTTAIL return inline_##c(ARGS_OF_REGS);    \
    }
#define QUAD(a, b, c, d)                             \
    LONE_HANDLER(a##__##b##__##c##__##d) {           \
        struct regs r = REGS_OF_ARGS;                \
        murre_handler *elsewhere;                    \
        if (STOPS(a) || STOPS(b) || STOPS(c))        \
            MUSTTAIL return elsewhere(ARGS_OF_REGS); \
        MUSTTAIL return inline_##d(ARGS_OF_REGS);    \
    }

#include "interp/pairs.def"
