/* libFuzzer's custom mutator and crossover: input and output are modules. Any other input is replaced by a module made from the seed. */
#include <string.h>

#include "diff/side.h"
#include "module/mutate.h"
#include "runtime/module.h"

enum { TRIES = 4 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max, unsigned seed);

static bool read(struct fuzz_module *module, const uint8_t *data, size_t size) {
    struct murre_module *decoded = murre_module_new(fuzz_side_engine(fuzz_sides), data, size, NULL);
    if (!decoded)
        return false;
    bool readable = fuzz_module_can_read(&decoded->info);
    if (readable)
        fuzz_module_read(module, &decoded->info);
    murre_module_unref(decoded);
    return readable;
}

/* The size of what was written, or 0: too large, or not valid after all. */
static size_t write_valid(struct fuzz_module *module, uint8_t *out, size_t max) {
    struct fuzz_span bytes = fuzz_module_write(module);
    if (bytes.size > max)
        return 0;
    struct murre_module *decoded = murre_module_new(fuzz_side_engine(fuzz_sides), bytes.data, bytes.size, NULL);
    if (!decoded)
        return 0;
    murre_module_unref(decoded);
    memcpy(out, bytes.data, bytes.size);
    return bytes.size;
}

static size_t generate(uint8_t *out, size_t max, uint64_t seed) {
    struct fuzz_module module;
    fuzz_gen_module(&module, seed);
    size_t size = write_valid(&module, out, max);
    fuzz_module_fini(&module);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    struct fuzz_random random = fuzz_random_new(seed);
    for (unsigned i = 0; i < TRIES; i++) {
        struct fuzz_module module;
        size_t changed = 0;
        if (fuzz_once_in(&random, 100) || !read(&module, data, size)) {
            changed = generate(data, max, fuzz_random_bits(&random));
        } else {
            struct fuzz_gen g = {.random = fuzz_random_new(fuzz_random_bits(&random)), .module = &module};
            for (uint32_t n = 1 + fuzz_any(&random, 4); n > 0; n--)
                fuzz_change(&g);
            changed = write_valid(&module, data, max);
            fuzz_module_fini(&module);
        }
        if (changed)
            return changed;
    }
    return size;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
                                 unsigned seed) {
    struct fuzz_module module, donor;
    if (!read(&module, a, a_size))
        return generate(out, max, seed);
    if (!read(&donor, b, b_size)) {
        fuzz_module_fini(&module);
        return generate(out, max, seed);
    }
    struct fuzz_gen g = {.random = fuzz_random_new(seed), .module = &module};
    fuzz_splice(&g, &donor);
    size_t size = write_valid(&module, out, max);
    fuzz_module_fini(&module);
    fuzz_module_fini(&donor);
    return size;
}
