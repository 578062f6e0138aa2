/* fuzz_api: a random program of calls of the embedding interface (first byte even; with WASI when bits 5, 6 and 0 are 0) or the standard C API
 * (odd). It does nothing that the headers forbid, such as using a deleted object; everything else must end in a result or an error, and nothing
 * may be left at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

uint8_t api_byte(struct api_input *input) {
    return input->at < input->end ? *input->at++ : 0;
}

uint64_t api_number(struct api_input *input) {
    static const uint64_t borders[] = {0xffff,   0x10000,   0x10001,    0x7fffffff, 0x80000000,    UINT32_MAX, 1ull << 32,
                                       10000001, INT64_MAX, 1ull << 48, 65532,      65536 * 8 - 4, UINT64_MAX, UINT64_MAX - 1};
    uint8_t byte = api_byte(input);
    if (byte < 200)
        return byte % 20;
    if (byte < 240)
        return borders[byte % (sizeof borders / sizeof *borders)];
    uint64_t number = 0;
    for (int i = byte & 7; i >= 0; i--)
        number = number << 8 | api_byte(input);
    return number;
}

void api_require(bool truth, const char *what) {
    if (truth)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

enum murre_tier api_tier(struct api_input *input) {
    static const char *const names[] = {"auto", "interp", "jit"};
    uint8_t byte = api_byte(input);
    const char *forced = getenv("MURRE_FUZZ_TIER");
    enum murre_tier tier = (enum murre_tier)(byte % 3);
    for (unsigned i = 0; forced && i < sizeof names / sizeof *names; i++)
        if (strcmp(forced, names[i]) == 0)
            tier = (enum murre_tier)i;
    return tier == MURRE_TIER_JIT && !murre_has_compiler() ? MURRE_TIER_AUTO : tier;
}

/* From any thread; context is the level that was asked for. */
static void look_at_line(void *context, enum murre_loglevel level, const char *line) {
    api_require(level <= *(const enum murre_loglevel *)context, "only what was asked for is told");
    api_require(*line != '\0' && strpbrk(line, "\r\n") == NULL, "a line is one line");
}

void api_configure(struct api_input *input, struct murre_config *config) {
    uint8_t bits = api_byte(input);
    config->tier = api_tier(input);
    config->deferred_validation = bits & 1;
    config->no_signals = (bits & 14) == 14;
    config->bounds = config->no_signals ? MURRE_BOUNDS_AUTO : (enum murre_bounds)(bits >> 4 & 3) % 3;
    config->entry_threshold = 2;
    config->loop_threshold = 20;
    config->opt_level = bits >> 6 == 3 ? -1 : bits >> 6;
    config->max_memory = bits & 32 ? 5 * 65536 : 16 << 20;
    config->max_stack = 1 << 18;
    static enum murre_loglevel levels[] = {MURRE_LOG_WARNING, MURRE_LOG_INFO, MURRE_LOG_DEBUG};
    if (bits % 5 < 3) {
        config->log = look_at_line;
        config->log_level = levels[bits % 5];
        config->log_context = &levels[bits % 5];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct api_input input = {data, data + size};
    uint8_t kind = api_byte(&input);
    if (kind & 1)
        api_run_wasm(&input);
    else
        api_run_murre(&input, (kind & 0x60) == 0);
    return 0;
}
