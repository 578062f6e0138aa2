/* See wasi_guest.h. */
#include "unit/wasi_guest.h"

#include <criterion/criterion.h>
#include <string.h>

uint8_t memory[SIZE] __attribute__((aligned(16)));
struct murre_wasi *wasi;
struct murre_wasi_call call;

struct murre_wasi *make_wasi(const struct murre_wasi_config *config) {
    struct murre_error error;
    struct murre_wasi *made = murre_wasi_new(config, &error);
    cr_assert(made != NULL, "%s", error.message);
    return made;
}

void make_guest(const struct murre_wasi_config *config) {
    wasi = make_wasi(config);
    call = (struct murre_wasi_call){.wasi = wasi, .memory = memory, .memory_size = SIZE};
}

void delete_guest(void) {
    murre_wasi_delete(wasi);
    murre_trap_delete(call.trap);
}

uint32_t put_text(uint32_t at, const char *text) {
    memcpy(memory + at, text, strlen(text));
    return (uint32_t)strlen(text);
}

void put_iovec(uint32_t at, uint32_t pointer, uint32_t size) {
    murre_wasi_put32(memory + at, pointer);
    murre_wasi_put32(memory + at + 4, size);
}

murre_wasi_errno open_at(uint32_t dir, const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd) {
    uint32_t size = put_text(1024, path);
    murre_wasi_errno error = CALL(path_open, dir, WASI_LOOKUP_SYMLINK_FOLLOW, 1024, size, oflags, rights, WASI_RIGHTS_ALL, 0, 512);
    *fd = murre_wasi_get32(memory + 512);
    return error;
}

bool trapped(void) {
    bool is = call.trap != NULL;
    murre_trap_delete(call.trap);
    call.trap = NULL;
    return is;
}
