/* A small command line for wasm3, whose library comes from a registry without one: wasm3 FILE ARGS…
 *
 * The WASI functions here are what the benchmark's programs need: arguments, clocks, standard streams, no files.
 * What is missing answers "not supported". */
#include "wasm3.h"

#include "m3_env.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 8 << 20 };
enum { OK = 0, BADF = 8, INVAL = 28, IO = 29, SPIPE = 70, NOTCAPABLE = 76, NOSYS = 52 };

static int guest_argc;
static char **guest_argv;
static int exit_code;

static void store32(void *at, uint32_t value) {
    memcpy(at, &value, sizeof value);
}

static void store64(void *at, uint64_t value) {
    memcpy(at, &value, sizeof value);
}

static uint32_t load32(const void *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

m3ApiRawFunction(args_sizes_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArgMem(uint8_t *, count);
    m3ApiGetArgMem(uint8_t *, bytes);
    uint32_t total = 0;
    m3ApiCheckMem(count, 4);
    m3ApiCheckMem(bytes, 4);
    for (int i = 0; i < guest_argc; i++)
        total += (uint32_t)strlen(guest_argv[i]) + 1;
    store32(count, (uint32_t)guest_argc);
    store32(bytes, total);
    m3ApiReturn(OK);
}

m3ApiRawFunction(args_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArgMem(uint8_t *, pointers);
    m3ApiGetArgMem(uint8_t *, buffer);
    for (int i = 0; i < guest_argc; i++) {
        size_t length = strlen(guest_argv[i]) + 1;
        m3ApiCheckMem(buffer, length);
        m3ApiCheckMem(pointers, 4);
        store32(pointers, (uint32_t)m3ApiPtrToOffset(buffer));
        memcpy(buffer, guest_argv[i], length);
        pointers += 4;
        buffer += length;
    }
    m3ApiReturn(OK);
}

m3ApiRawFunction(environ_sizes_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArgMem(uint8_t *, count);
    m3ApiGetArgMem(uint8_t *, bytes);
    m3ApiCheckMem(count, 4);
    m3ApiCheckMem(bytes, 4);
    store32(count, 0);
    store32(bytes, 0);
    m3ApiReturn(OK);
}

m3ApiRawFunction(succeed) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    m3ApiReturn(OK);
}

m3ApiRawFunction(unsupported) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    m3ApiReturn(NOSYS);
}

m3ApiRawFunction(no_such_descriptor) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    m3ApiReturn(BADF);
}

m3ApiRawFunction(no_such_right) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    m3ApiReturn(NOTCAPABLE);
}

m3ApiRawFunction(not_seekable) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    m3ApiReturn(SPIPE);
}

m3ApiRawFunction(yield) {
    m3ApiReturnType(uint32_t);
    (void)runtime, (void)_ctx, (void)_mem;
    sched_yield();
    m3ApiReturn(OK);
}

static clockid_t host_clock(uint32_t clock) {
    static const clockid_t clocks[] = {
        CLOCK_REALTIME,
        CLOCK_MONOTONIC,
        CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID,
    };
    return clocks[clock & 3];
}

static uint64_t nanoseconds(struct timespec t) {
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

m3ApiRawFunction(clock_time_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, clock);
    m3ApiGetArg(uint64_t, precision);
    m3ApiGetArgMem(uint8_t *, out);
    struct timespec t;
    (void)precision;
    m3ApiCheckMem(out, 8);
    clock_gettime(host_clock(clock), &t);
    store64(out, nanoseconds(t));
    m3ApiReturn(OK);
}

m3ApiRawFunction(clock_res_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, clock);
    m3ApiGetArgMem(uint8_t *, out);
    struct timespec t;
    m3ApiCheckMem(out, 8);
    clock_getres(host_clock(clock), &t);
    store64(out, nanoseconds(t));
    m3ApiReturn(OK);
}

m3ApiRawFunction(random_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArgMem(uint8_t *, buffer);
    m3ApiGetArg(uint32_t, size);
    m3ApiCheckMem(buffer, size);
    while (size > 0) {
        ssize_t got = getrandom(buffer, size, 0);
        if (got < 0)
            m3ApiReturn(IO);
        buffer += got;
        size -= (uint32_t)got;
    }
    m3ApiReturn(OK);
}

m3ApiRawFunction(fd_fdstat_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, fd);
    m3ApiGetArgMem(uint8_t *, out);
    if (fd > 2)
        m3ApiReturn(BADF);
    m3ApiCheckMem(out, 24);
    memset(out, 0, 24);
    out[0] = 2; /* a character device */
    memset(out + 8, 0xff, 16);
    m3ApiReturn(OK);
}

m3ApiRawFunction(fd_filestat_get) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, fd);
    m3ApiGetArgMem(uint8_t *, out);
    if (fd > 2)
        m3ApiReturn(BADF);
    m3ApiCheckMem(out, 64);
    memset(out, 0, 64);
    out[16] = 2; /* a character device */
    m3ApiReturn(OK);
}

/* One vector at a time; a short count ends the call as it may. */
static uint32_t transfer(IM3Runtime runtime, void *_mem, int writes, uint32_t fd, uint8_t *vectors, uint32_t count, uint8_t *out) {
    uint32_t limit = m3_GetMemorySize(runtime);
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = load32(vectors + 8 * i);
        uint32_t size = load32(vectors + 8 * i + 4);
        if (at > limit || size > limit - at)
            return INVAL;
        void *bytes = m3ApiOffsetToPtr(at);
        ssize_t done = writes ? write((int)fd, bytes, size) : read((int)fd, bytes, size);
        if (done < 0)
            return IO;
        total += (uint32_t)done;
        if ((uint32_t)done < size)
            break;
    }
    store32(out, total);
    return OK;
}

m3ApiRawFunction(fd_write) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, fd);
    m3ApiGetArgMem(uint8_t *, vectors);
    m3ApiGetArg(uint32_t, count);
    m3ApiGetArgMem(uint8_t *, out);
    if (fd != 1 && fd != 2)
        m3ApiReturn(BADF);
    m3ApiCheckMem(vectors, 8 * (uint64_t)count);
    m3ApiCheckMem(out, 4);
    m3ApiReturn(transfer(runtime, _mem, 1, fd, vectors, count, out));
}

m3ApiRawFunction(fd_read) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArg(uint32_t, fd);
    m3ApiGetArgMem(uint8_t *, vectors);
    m3ApiGetArg(uint32_t, count);
    m3ApiGetArgMem(uint8_t *, out);
    if (fd != 0)
        m3ApiReturn(BADF);
    m3ApiCheckMem(vectors, 8 * (uint64_t)count);
    m3ApiCheckMem(out, 4);
    m3ApiReturn(transfer(runtime, _mem, 0, fd, vectors, count, out));
}

/* Clock subscriptions only: waits for none of them and reports the first as due. */
m3ApiRawFunction(poll_oneoff) {
    m3ApiReturnType(uint32_t);
    m3ApiGetArgMem(uint8_t *, in);
    m3ApiGetArgMem(uint8_t *, out);
    m3ApiGetArg(uint32_t, count);
    m3ApiGetArgMem(uint8_t *, events);
    m3ApiCheckMem(in, 48);
    m3ApiCheckMem(out, 32);
    m3ApiCheckMem(events, 4);
    if (count == 0)
        m3ApiReturn(INVAL);
    memset(out, 0, 32);
    memcpy(out, in, 8);
    out[10] = in[8];
    store32(events, 1);
    m3ApiReturn(OK);
}

m3ApiRawFunction(proc_exit) {
    m3ApiGetArg(uint32_t, code);
    (void)runtime, (void)_ctx, (void)_mem;
    exit_code = (int)code;
    m3ApiTrap(m3Err_trapExit);
}

static const struct {
    const char *name, *signature;
    M3RawCall function;
} functions[] = {
    {"args_get", "i(**)", args_get},
    {"args_sizes_get", "i(**)", args_sizes_get},
    {"clock_res_get", "i(i*)", clock_res_get},
    {"clock_time_get", "i(iI*)", clock_time_get},
    {"environ_get", "i(**)", succeed},
    {"environ_sizes_get", "i(**)", environ_sizes_get},
    {"fd_advise", "i(iIIi)", unsupported},
    {"fd_allocate", "i(iII)", unsupported},
    {"fd_close", "i(i)", succeed},
    {"fd_datasync", "i(i)", unsupported},
    {"fd_fdstat_get", "i(i*)", fd_fdstat_get},
    {"fd_fdstat_set_flags", "i(ii)", unsupported},
    {"fd_filestat_get", "i(i*)", fd_filestat_get},
    {"fd_filestat_set_size", "i(iI)", unsupported},
    {"fd_filestat_set_times", "i(iIIi)", unsupported},
    {"fd_pread", "i(i*iI*)", unsupported},
    {"fd_prestat_dir_name", "i(i*i)", no_such_descriptor},
    {"fd_prestat_get", "i(i*)", no_such_descriptor},
    {"fd_pwrite", "i(i*iI*)", unsupported},
    {"fd_read", "i(i*i*)", fd_read},
    {"fd_readdir", "i(i*iI*)", unsupported},
    {"fd_renumber", "i(ii)", unsupported},
    {"fd_seek", "i(iIi*)", not_seekable},
    {"fd_sync", "i(i)", unsupported},
    {"fd_tell", "i(i*)", not_seekable},
    {"fd_write", "i(i*i*)", fd_write},
    {"path_create_directory", "i(i*i)", no_such_right},
    {"path_filestat_get", "i(ii*i*)", no_such_right},
    {"path_filestat_set_times", "i(ii*iIIi)", no_such_right},
    {"path_link", "i(ii*ii*i)", no_such_right},
    {"path_open", "i(ii*iiIIi*)", no_such_right},
    {"path_readlink", "i(i*i*i*)", no_such_right},
    {"path_remove_directory", "i(i*i)", no_such_right},
    {"path_rename", "i(i*ii*i)", no_such_right},
    {"path_symlink", "i(*ii*i)", no_such_right},
    {"path_unlink_file", "i(i*i)", no_such_right},
    {"poll_oneoff", "i(**i*)", poll_oneoff},
    {"proc_exit", "v(i)", proc_exit},
    {"random_get", "i(*i)", random_get},
    {"sched_yield", "i()", yield},
    {"sock_accept", "i(ii*)", unsupported},
    {"sock_recv", "i(i*ii**)", unsupported},
    {"sock_send", "i(i*ii*)", unsupported},
    {"sock_shutdown", "i(ii)", unsupported},
};

static M3Result link_wasi(IM3Module module) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        M3Result result =
            m3_LinkRawFunction(module, "wasi_snapshot_preview1", functions[i].name, functions[i].signature, functions[i].function);
        if (result && result != m3Err_functionLookupFailed)
            return result;
    }
    return m3Err_none;
}

/* wasm3 looks a function up by any of its names, and a C program has an inner `_start`, named only in the name section,
 * that does not flush standard output. The linker appends the exported one: forget the name in all before the last. */
static void hide_inner_start(IM3Module module) {
    int seen = 0;
    for (uint32_t i = module->numFunctions; i-- > 0;) {
        IM3Function f = &module->functions[i];
        for (int j = 0; j < f->numNames; j++) {
            if (!f->names[j] || strcmp(f->names[j], "_start") != 0)
                continue;
            if (seen++)
                f->names[j] = NULL;
        }
    }
}

static int fail(const char *what, const char *why) {
    fprintf(stderr, "wasm3: %s: %s\n", what, why);
    return 1;
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    if (bytes && fread(bytes, 1, *size, file) != *size)
        bytes = NULL;
    fclose(file);
    return bytes;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("wasm3 " M3_VERSION);
        return 0;
    }
    if (argc < 2)
        return fail("usage", "wasm3 FILE ARGS…");
    size_t size;
    uint8_t *bytes = read_file(argv[1], &size);
    if (!bytes)
        return fail(argv[1], "cannot be read");
    guest_argc = argc - 1;
    guest_argv = argv + 1;

    IM3Environment environment = m3_NewEnvironment();
    IM3Runtime runtime = m3_NewRuntime(environment, STACK_BYTES, NULL);
    IM3Module module;
    M3Result result = m3_ParseModule(environment, &module, bytes, (uint32_t)size);
    if (result)
        return fail("parse", result);
    result = m3_LoadModule(runtime, module);
    if (result)
        return fail("load", result);
    result = link_wasi(module);
    if (result)
        return fail("link", result);

    IM3Function start;
    hide_inner_start(module);
    result = m3_FindFunction(&start, runtime, "_start");
    if (result)
        return fail("_start", result);
    result = m3_CallV(start);
    if (result == m3Err_trapExit)
        return exit_code;
    return result ? fail("trap", result) : 0;
}
