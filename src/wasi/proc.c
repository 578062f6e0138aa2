/* proc_exit, proc_raise, random_get, sched_yield. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/random.h>

#include "wasi/memory.h"

murre_wasi_errno murre_wasi_proc_exit(struct murre_wasi_call *call, const union murre_slot *args) {
    call->trap = murre_trap_exit(args[0].i32);
    return WASI_SUCCESS;
}

/* What the host's default action for a signal is: a guest has no handlers. */
enum raise_action { RAISE_END, RAISE_NOTHING, RAISE_STOP };
static const struct {
    int host;
    enum raise_action action;
} signals[] = {
    {0, RAISE_NOTHING},     {SIGHUP, RAISE_END},      {SIGINT, RAISE_END},       {SIGQUIT, RAISE_END},  {SIGILL, RAISE_END},
    {SIGTRAP, RAISE_END},   {SIGABRT, RAISE_END},     {SIGBUS, RAISE_END},       {SIGFPE, RAISE_END},   {SIGKILL, RAISE_END},
    {SIGUSR1, RAISE_END},   {SIGSEGV, RAISE_END},     {SIGUSR2, RAISE_END},      {SIGPIPE, RAISE_END},  {SIGALRM, RAISE_END},
    {SIGTERM, RAISE_END},   {SIGCHLD, RAISE_NOTHING}, {SIGCONT, RAISE_NOTHING},  {SIGSTOP, RAISE_STOP}, {SIGTSTP, RAISE_STOP},
    {SIGTTIN, RAISE_STOP},  {SIGTTOU, RAISE_STOP},    {SIGURG, RAISE_NOTHING},   {SIGXCPU, RAISE_END},  {SIGXFSZ, RAISE_END},
    {SIGVTALRM, RAISE_END}, {SIGPROF, RAISE_END},     {SIGWINCH, RAISE_NOTHING}, {SIGPOLL, RAISE_END},  {SIGPWR, RAISE_END},
    {SIGSYS, RAISE_END},
};

/* No signal is sent: it would reach the host. The guest ends as a process would, with the code that a shell shows for it. */
murre_wasi_errno murre_wasi_proc_raise(struct murre_wasi_call *call, const union murre_slot *args) {
    uint32_t number = args[0].u32;
    if (number >= sizeof signals / sizeof *signals)
        return WASI_INVAL;
    if (signals[number].action == RAISE_STOP)
        return WASI_NOTSUP;
    if (signals[number].action == RAISE_END)
        call->trap = murre_trap_exit(128 + signals[number].host);
    return WASI_SUCCESS;
}

enum { RANDOM_PIECE = 1 << 20 };

murre_wasi_errno murre_wasi_random_get(struct murre_wasi_call *call, const union murre_slot *args) {
    uint32_t size = args[1].u32;
    uint8_t *buffer = murre_wasi_guest_bytes(call, args[0].u32, size);
    if (buffer == NULL)
        return WASI_FAULT;
    while (size > 0) {
        /* A signal would only make a large request short. */
        ssize_t got = getrandom(buffer, size < RANDOM_PIECE ? size : RANDOM_PIECE, 0);
        if (got < 0) {
            if (murre_wasi_retry(call))
                continue;
            return murre_wasi_from_errno(errno);
        }
        buffer += got;
        size -= (uint32_t)got;
        if (size > 0 && murre_store_interrupt_pending(call->store))
            return WASI_INTR;
    }
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_sched_yield(struct murre_wasi_call *call, const union murre_slot *args) {
    (void)call, (void)args;
    sched_yield();
    return WASI_SUCCESS;
}
