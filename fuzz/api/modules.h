/* Modules to start from: see modules.c. */
#ifndef MURRE_FUZZ_API_MODULES_H
#define MURRE_FUZZ_API_MODULES_H

#include <stddef.h>
#include <stdint.h>

struct api_bytes {
    const uint8_t *data;
    size_t size;
};
enum { API_MODULES = 5 };
extern const struct api_bytes api_modules[API_MODULES];

#endif
