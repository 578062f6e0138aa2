/* Wasmtime's own unchecked calls. */
#ifndef MURRE_BENCH_EMBED_WASMTIME_H
#define MURRE_BENCH_EMBED_WASMTIME_H

void wasmtime_measure(void *library, int calls, int rounds);

#endif
