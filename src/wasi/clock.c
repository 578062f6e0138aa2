/* clock_res_get, clock_time_get. The interface's clock numbers happen to be Linux's; the table makes that explicit. */
#include <errno.h>
#include <time.h>

#include "wasi/memory.h"

static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

static murre_wasi_errno read_clock(struct murre_wasi_call *call, uint32_t id, uint32_t pointer, int (*read)(clockid_t, struct timespec *)) {
    void *result = murre_wasi_guest(call, pointer, 1, 8, 8);
    if (result == NULL)
        return WASI_FAULT;
    if (id >= sizeof clocks / sizeof *clocks)
        return WASI_INVAL;
    struct timespec time;
    if (read(clocks[id], &time) != 0)
        return murre_wasi_from_errno(errno);
    murre_wasi_put64(result, murre_wasi_nanoseconds(time.tv_sec, time.tv_nsec));
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_clock_res_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return read_clock(call, args[0].u32, args[1].u32, clock_getres);
}

/* args[1], the requested precision, is met by all clocks. */
murre_wasi_errno murre_wasi_clock_time_get(struct murre_wasi_call *call, const union murre_slot *args) {
    return read_clock(call, args[0].u32, args[2].u32, clock_gettime);
}
