/* Shared by the two halves of fuzz_api: the input as numbers. The program is a sequence of bytes, each of which chooses a call; the call takes
 * its arguments from the bytes that follow. One thread. */
#ifndef MURRE_FUZZ_API_H
#define MURRE_FUZZ_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "murre.h"

/* For each entry into Wasm, which may run for ever. */
#define API_NANOSECONDS      UINT64_C(1000000)
/* Where WASI is called: system calls take their time. */
#define API_WASI_NANOSECONDS UINT64_C(5000000)

struct api_input {
    const uint8_t *at, *end;
};

/* 0 at the end. */
uint8_t api_byte(struct api_input *input);
uint64_t api_number(struct api_input *input); /* mostly small; now and then at a border, or any */
/* Aborts with a line that tells what is not so. */
void api_require(bool truth, const char *what);
/* The tier that the input chooses, or the one that MURRE_FUZZ_TIER in the environment names. */
enum murre_tier api_tier(struct api_input *input);
/* Fills in what a configuration may hold; the rest is left. */
void api_configure(struct api_input *input, struct murre_config *config);

void api_run_murre(struct api_input *input, bool with_wasi);
void api_run_wasm(struct api_input *input);

#endif
