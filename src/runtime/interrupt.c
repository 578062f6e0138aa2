/* Ending a run from outside, at no cost to running code.
 *
 * store->interrupt is the request. It is polled by the interpreter at calls and back edges, by murre_call_func, and by the trampolines immediately
 * before they go to compiled code (arch.h). Compiled code does not poll. So a request also sends SIGURG to the thread that runs the store:
 * its handler (signal.c) makes the thread continue in the trap landing if it is in compiled code, or in a trampoline after the poll.
 * Anywhere else the handler arms a timer of the thread and sends the request again a millisecond later, until the trap has been raised: the thread may
 * be between a poll of the flag and a system call that blocks, or in a helper that compiled code calls directly. Helpers poll, too, when they are
 * done, except those that only compute (rounding and counting bits, where the processor cannot). The timer is made when the thread first
 * runs Wasm (a microsecond), so that it exists when it is needed; if the system refuses one even then, a request at either of those moments is lost.
 * SIGURG does not restart system calls: a call that blocks returns with EINTR and the host function may check the flag. It is ignored by default, so
 * one that arrives after our handler has been removed does no harm.
 *
 * No other request is lost. The request stores the flag, then reads thread_id; binding stores thread_id, then (after a fence) the trampolines read
 * the flag. The flag stays set until a trap takes it, so a request that comes too late ends the next call.
 *
 * A deadline is a kernel timer that signals the thread to which the store is bound (no thread of ours, and no memory except struct murre_deadline).
 * If it fires while nothing runs, the next call notices by itself. The handler uses nothing of the signal but a pointer, which it compares
 * with the stores that run in its thread, so a late signal for a deleted store does no harm.
 *
 * An engine without signals (config.no_signals) sends none: compiled code polls the flag in loops and at the entry of functions
 * that call others, and deadlines are set by a thread (watch.c). */
#include "runtime/interrupt.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/look.h"
#include "runtime/signal.h"
#include "runtime/watch.h"

struct murre_deadline {
    int timer;                 /* the kernel's id; -1: none */
    int thread_id;             /* that the timer signals */
    pid_t process;             /* that has the timer */
    struct murre_watch *watch; /* instead of a timer, where there are no signals; or NULL */
    volatile bool armed;       /* the time has not been taken note of */
    volatile bool fired;       /* store->interrupt is this deadline's doing */
    volatile uint64_t moment;  /* CLOCK_MONOTONIC, nanoseconds */
};

static const uint64_t second = 1000000000;
static const long again_nanoseconds = 1000000;

/* Told apart from other users of the signal by the address of this. */
static const char token;

/* glibc's timer_create is fine in a handler, too, but does not say so. */
static int timer_make(int thread_id, void *value) {
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = MURRE_INTERRUPT_SIGNAL;
    event.sigev_value.sival_ptr = value;
    event._sigev_un._tid = thread_id;
    int timer;
    return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0 ? timer : -1;
}

static bool timer_set(int timer, int flags, uint64_t nanoseconds) {
    struct itimerspec when = {.it_value = {(time_t)(nanoseconds / second), (long)(nanoseconds % second)}};
    return syscall(SYS_timer_settime, timer, flags, &when, NULL) == 0;
}

static void timer_drop(int *timer) {
    if (*timer >= 0)
        syscall(SYS_timer_delete, *timer);
    *timer = -1;
}

/* ---- requests ------------------------------------------------------------------------------------------------------------------- */

void murre_interrupt_request(struct murre_store *store) {
    int saved = errno;
    atomic_store_explicit(&store->interrupt, true, memory_order_seq_cst);
    int thread_id = atomic_load_explicit(&store->thread_id, memory_order_seq_cst);
    if (thread_id && !store->engine->config.no_signals) {
        siginfo_t info;
        memset(&info, 0, sizeof info);
        info.si_signo = MURRE_INTERRUPT_SIGNAL;
        info.si_code = SI_QUEUE;
        info.si_pid = getpid();
        info.si_uid = getuid();
        info.si_value.sival_ptr = (void *)&token;
        /* The queue of signals may be full; the plain signal is never refused for that. */
        if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread_id, MURRE_INTERRUPT_SIGNAL, &info) != 0 && errno == EAGAIN)
            syscall(SYS_tgkill, getpid(), thread_id, MURRE_INTERRUPT_SIGNAL);
    }
    errno = saved;
}

bool murre_interrupt_signalled(const siginfo_t *info) {
    if (info->si_code != SI_TIMER && info->si_code != SI_QUEUE)
        return false;
    if (info->si_value.sival_ptr == &token)
        return true;
    for (struct murre_activation *a = murre_thread_current.latest; a && info->si_code == SI_TIMER; a = a->outer_of_thread)
        if (a->store == info->si_value.sival_ptr) {
            murre_interrupt_check_deadline(a->store);
            return true;
        }
    return false;
}

void murre_interrupt_prepare(struct murre_thread *thread) {
    if (thread->timer < 0)
        thread->timer = timer_make(thread->id, (void *)&token);
}

void murre_interrupt_again(struct murre_thread *thread) {
    murre_interrupt_prepare(thread);
    if (thread->timer >= 0)
        timer_set(thread->timer, 0, (uint64_t)again_nanoseconds);
}

void murre_interrupt_taken(struct murre_store *store) {
    struct murre_deadline *deadline = store->deadline;
    if (deadline) {
        if (deadline->watch && murre_watch_fired(deadline->watch))
            deadline->armed = false;
        deadline->fired = false;
    }
    atomic_store_explicit(&store->interrupt, false, memory_order_relaxed);
}

/* ---- deadlines ------------------------------------------------------------------------------------------------------------------ */

void murre_interrupt_check_deadline(struct murre_store *store) {
    struct murre_deadline *deadline = store->deadline;
    if (!deadline || !deadline->armed || murre_look_now() < deadline->moment)
        return;
    if (deadline->watch)
        murre_watch_cancel(deadline->watch);
    deadline->armed = false;
    deadline->fired = true;
    atomic_store_explicit(&store->interrupt, true, memory_order_relaxed);
}

/* The same by a thread. */
static bool watch(struct murre_store *store) {
    struct murre_deadline *deadline = store->deadline;
    if (!deadline->watch)
        deadline->watch = murre_watch_new(&store->engine->allocator, &store->interrupt);
    return deadline->watch && murre_watch_set(deadline->watch, deadline->moment);
}

/* A child of fork has none of its parent's timers, but may have others of the same numbers. */
static void drop_timer(struct murre_deadline *deadline) {
    if (deadline->process == getpid())
        timer_drop(&deadline->timer);
    deadline->timer = -1;
}

/* Lets the deadline's timer signal this thread. */
static bool aim(struct murre_store *store, int thread_id) {
    struct murre_deadline *deadline = store->deadline;
    if (store->engine->config.no_signals)
        return watch(store);
    if (deadline->thread_id != thread_id || deadline->process != getpid())
        drop_timer(deadline);
    if (deadline->timer < 0)
        deadline->timer = timer_make(thread_id, store);
    deadline->thread_id = thread_id;
    deadline->process = getpid();
    return deadline->timer >= 0 && timer_set(deadline->timer, TIMER_ABSTIME, deadline->moment);
}

enum murre_status murre_interrupt_set_timeout(struct murre_store *store, uint64_t nanoseconds, struct murre_error *error) {
    struct murre_deadline *deadline = store->deadline;
    if (!deadline) {
        if (!nanoseconds)
            return MURRE_OK;
        deadline = murre_alloc_zero(&store->engine->allocator, sizeof *deadline);
        if (!deadline)
            return murre_error_memory(error);
        deadline->timer = -1;
        store->deadline = deadline;
    }
    if (deadline->watch && murre_watch_cancel(deadline->watch))
        deadline->fired = true;
    deadline->armed = false;
    if (deadline->fired) {
        deadline->fired = false;
        atomic_store_explicit(&store->interrupt, false, memory_order_relaxed);
    }
    if (!nanoseconds) {
        drop_timer(deadline);
        return MURRE_OK;
    }
    uint64_t moment;
    if (__builtin_add_overflow(murre_look_now(), nanoseconds, &moment) || moment / second > INT64_MAX / 2)
        return MURRE_OK; /* never */
    deadline->moment = moment;
    deadline->armed = true;
    if (!store->activation) /* else it is, and its limit is that of the stack that it runs on */
        murre_thread_bind(store);
    if (aim(store, murre_thread_current.id))
        return MURRE_OK;
    deadline->armed = false;
    drop_timer(deadline);
    return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no timer: %s", strerror(errno));
}

void murre_interrupt_fini(struct murre_store *store) {
    struct murre_deadline *deadline = store->deadline;
    if (!deadline)
        return;
    drop_timer(deadline);
    if (deadline->watch)
        murre_watch_delete(deadline->watch);
    murre_free(&store->engine->allocator, deadline, sizeof *deadline);
    store->deadline = NULL;
}

/* ---- threads -------------------------------------------------------------------------------------------------------------------- */

void murre_interrupt_thread_change(struct murre_store *store, const struct murre_thread *thread) {
    atomic_store_explicit(&store->thread_id, thread->id, memory_order_seq_cst);
    atomic_thread_fence(memory_order_seq_cst); /* before any look at store->interrupt */
    /* When the new timer cannot be had, calls still look at the clock when they begin. */
    if (store->deadline && store->deadline->armed)
        (void)aim(store, thread->id);
}

void murre_interrupt_thread_exit(struct murre_thread *thread) {
    timer_drop(&thread->timer);
}
