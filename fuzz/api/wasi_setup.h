/* WASI in a program of API calls: objects from the pool of struct api, and what is shared by the files that make them (wasi_config.c), the
 * modules that use them (wasi_modules.c) and the calls (wasi_calls.c).
 *
 * Besides memory, only a folder of the process's own is touched, which no guest may change. Guests get only descriptors that were made
 * for them. */
#ifndef MURRE_FUZZ_API_WASI_SETUP_H
#define MURRE_FUZZ_API_WASI_SETUP_H

#include "api/modules.h"
#include "api/objects.h"

#define API_WASI_MODULE "wasi_snapshot_preview1"

/* A configuration that the input chooses, and what it borrows. */
struct api_wasi_setup {
    struct murre_wasi_config config;
    struct murre_wasi_preopen preopens[4];
    struct murre_wasi_file files[4][12];
    const char *args[8], *env[8];
    bool is_wrong; /* it must be refused */
};
/* Descriptors are made into wasi->fd and wasi->socket, callbacks get wasi. */
void api_wasi_choose(struct api *a, struct api_wasi *wasi, struct api_wasi_setup *setup);
/* Aborts when the guest has closed what it has borrowed; closes it. */
void api_wasi_close(struct api_wasi *wasi);
/* Takes output; defined with the calls, since it may make some. context is a struct api_wasi. */
int api_wasi_take_output(void *context, const void *bytes, size_t size);
/* Aborts when the folder on the host is not what it was. */
void api_wasi_check_folder(void);

/* A module that imports functions of WASI. */
struct api_bytes api_wasi_module(uint8_t which);
enum { API_WASI_MOST_PARAMS = 9 };
/* The name of one of WASI's functions. */
const char *api_wasi_function(unsigned index, bool *returns);

#endif
