/* The same through the standard wasm.h, whose functions are looked up in a library, so that two engines can be measured by the same code. */
#ifndef MURRE_BENCH_EMBED_CAPI_H
#define MURRE_BENCH_EMBED_CAPI_H

#include <stdbool.h>

void capi_measure(void *library, const char *who, int calls, int rounds);

/* embed.c */
double now(void);
void need(bool good, const char *what);
void report(const char *who, const char *what, double nanoseconds);

#endif
