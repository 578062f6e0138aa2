/* Included before every Lua source: replaces its setjmp and longjmp, which wasi-libc of Debian 12 lacks.
 * A protected call is a plain call, and an error ends the program with a message. The workload raises none and
 * uses no coroutines. Native builds use the same header, so that both run the same program. */
#ifndef MURRE_BENCH_LUA_THROW_H
#define MURRE_BENCH_LUA_THROW_H

#include <stdio.h>
#include <stdlib.h>

#define LUAI_THROW(L, c) (fputs("lua: error in a program that must raise none\n", stderr), exit(70))
#define LUAI_TRY(L, c, a) \
    { a }
#define luai_jmpbuf int
#define l_signalT   int /* else Lua asks for signal.h */

#endif
