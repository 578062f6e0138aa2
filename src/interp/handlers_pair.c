/* Handlers: sequences of two to four instructions (pairs.def). */
#include "interp/body_control.h"
#include "interp/body_float.h"
#include "interp/body_integer.h"
#include "interp/body_memory.h"
#include "interp/body_move.h"

#define START(name)                   \
    LONE_HANDLER(name) {              \
        struct regs r = REGS_OF_ARGS; \
        murre_handler *elsewhere;
#define STEP(name)                              \
    elsewhere = body_##name(&r);                \
    if (__builtin_expect(elsewhere != NULL, 0)) \
        MUSTTAIL return elsewhere(ARGS_OF_REGS);
#define LAST(name)                               \
    MUSTTAIL return inline_##name(ARGS_OF_REGS); \
    }

#define PAIR(a, b)       START(a##__##b) STEP(a) LAST(b)
#define TRIPLE(a, b, c)  START(a##__##b##__##c) STEP(a) STEP(b) LAST(c)
#define QUAD(a, b, c, d) START(a##__##b##__##c##__##d) STEP(a) STEP(b) STEP(c) LAST(d)

#include "interp/pairs.def"
