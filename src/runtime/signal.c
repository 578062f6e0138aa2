/* Signal handlers. Everything here except acquire and release is async-signal-safe: no lock, no allocation, thread-local data in initial-exec
 * form, and errno is preserved. A handler never jumps out: it rewrites the interrupted context so that the thread continues in murre_arch_landing
 * after the handler has returned, on its own stack and with its own signal mask; murre_trap_landed (trap.c) raises the trap from there.
 *
 * A fault is ours if the thread runs a store, its pc is at an instruction that can fault in compiled code of that store's engine, and the
 * address is one at which that instruction can fault. The site says which trap it is (site.h): an access of memory, in the reservation of a guarded
 * memory of the store beyond its size; or the load of a callee's type, for a null reference. Everything else goes to the handler that was there before,
 * including the end of the stack, which compiled code never reaches. */
#include "runtime/signal.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "runtime/interrupt.h"
#include "runtime/site.h"
#include "runtime/thread.h"

static const int signals[] = {SIGSEGV, SIGBUS, MURRE_INTERRUPT_SIGNAL};
enum { SIGNAL_COUNT = sizeof signals / sizeof signals[0] };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards users and installing */
static unsigned users;
static struct sigaction before[SIGNAL_COUNT]; /* written before our handler is in place, and then not while it is */

/* Where the type of a null function would lie. Compiled call_indirect looks there before anything else of a table's entry; an access that is
 * not canonical has the address 0, but not this code (SEGV_MAPERR). */
static const uintptr_t type_of_null = offsetof(struct murre_func, type_id);
_Static_assert(offsetof(struct murre_func, type_id) != 0, "told from a fault without an address");

/* ---- chaining ------------------------------------------------------------------------------------------------------------------- */

static unsigned signal_index(int number) {
    unsigned i = 0;
    while (i + 1 < SIGNAL_COUNT && signals[i] != number)
        i++;
    return i;
}

/* The default action, or none, of a signal that is nobody's. */
static void act_by_default(int number, const siginfo_t *info) {
    if (number == MURRE_INTERRUPT_SIGNAL)
        return;
    /* A fault happens again when the handler returns, and ends the process as if we had not been there. One that somebody sent does not. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    if (info->si_code <= 0)
        syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), number);
}

static void chain(int number, siginfo_t *info, void *context) {
    const struct sigaction *old = &before[signal_index(number)];
    if (!(old->sa_flags & SA_SIGINFO)) {
        if (old->sa_handler == SIG_DFL || (old->sa_handler == SIG_IGN && info->si_code > 0)) {
            act_by_default(number, info);
            return;
        }
        if (old->sa_handler == SIG_IGN)
            return;
    }
    /* The mask goes back to what it was when the handler returns. */
    sigset_t mask = old->sa_mask;
    if (!(old->sa_flags & SA_NODEFER))
        sigaddset(&mask, number);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    if (old->sa_flags & SA_SIGINFO)
        old->sa_sigaction(number, info, context);
    else
        old->sa_handler(number);
}

/* ---- faults --------------------------------------------------------------------------------------------------------------------- */

static bool in_compiled_code(const struct murre_store *store, uintptr_t pc, struct murre_code_place *place) {
    const struct murre_engine *engine = store->engine;
    return engine->jit && engine->jit_ops->find(engine->jit, pc, place);
}

static void land(struct murre_thread *thread, void *context, enum murre_trapkind kind) {
    thread->fault = (struct murre_fault){kind, murre_arch_context_pc(context), murre_arch_context_frame(context),
                                         murre_arch_context_stack(context), murre_arch_context_link(context)};
    murre_arch_context_land(context);
}

static bool beyond_a_memory(const struct murre_store *store, uintptr_t address) {
    for (const struct murre_memory *memory = store->memories; memory; memory = memory->next) {
        uintptr_t offset = address - (uintptr_t)memory->base;
        if (memory->guarded && offset < memory->reserved && offset >= memory->size)
            return true;
    }
    return false;
}

static bool fault(struct murre_thread *thread, siginfo_t *info, void *context) {
    struct murre_activation *activation = thread->activation;
    if (!activation || info->si_code <= 0)
        return false;
    struct murre_store *store = activation->store;
    uintptr_t pc = murre_arch_context_pc(context), address = (uintptr_t)info->si_addr;
    struct murre_code_place place;
    struct murre_site site;
    if (!in_compiled_code(store, pc, &place) || !murre_sites_find_fault(place.sites, (uint32_t)(pc - (uintptr_t)place.code), &site))
        return false;
    if (site.kind == MURRE_SITE_CALLEE && address == type_of_null && info->si_signo == SIGSEGV && info->si_code == SEGV_MAPERR)
        land(thread, context, MURRE_TRAP_INDIRECT_NULL);
    else if (site.kind == MURRE_SITE_MEMORY && beyond_a_memory(store, address))
        land(thread, context, MURRE_TRAP_MEMORY_BOUNDS);
    else
        return false;
    return true;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    int saved = errno;
    if (!fault(&murre_thread_current, info, context))
        chain(number, info, context);
    errno = saved;
}

/* ---- interrupts ----------------------------------------------------------------------------------------------------------------- */

static void on_interrupt(int number, siginfo_t *info, void *context) {
    int saved = errno;
    struct murre_thread *thread = &murre_thread_current;
    bool ours = murre_interrupt_signalled(info);
    struct murre_activation *activation = thread->activation;
    struct murre_store *store = activation ? activation->store : NULL;
    if (store && atomic_load_explicit(&store->interrupt, memory_order_relaxed)) {
        uintptr_t pc = murre_arch_context_pc(context);
        struct murre_code_place place;
        if (murre_arch_in_window(pc) || in_compiled_code(store, pc, &place))
            land(thread, context, MURRE_TRAP_INTERRUPT);
        else
            murre_interrupt_again(thread);
    }
    if (!ours)
        chain(number, info, context);
    errno = saved;
}

/* ---- installing ----------------------------------------------------------------------------------------------------------------- */

static void handler_of(unsigned i, struct sigaction *action) {
    memset(action, 0, sizeof *action);
    action->sa_sigaction = signals[i] == MURRE_INTERRUPT_SIGNAL ? on_interrupt : on_fault;
    action->sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action->sa_mask);
    /* An interrupt must not come while a fault is being turned into a trap: it would see neither compiled code nor C that looks. */
    sigaddset(&action->sa_mask, MURRE_INTERRUPT_SIGNAL);
}

static void remove_handlers(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct sigaction ours, now;
        handler_of(i, &ours);
        if (sigaction(signals[i], NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == ours.sa_sigaction)
            sigaction(signals[i], &before[i], NULL);
    }
}

enum murre_status murre_signal_acquire(struct murre_error *error) {
    pthread_mutex_lock(&lock);
    unsigned i = 0;
    for (; users == 0 && i < SIGNAL_COUNT; i++) {
        struct sigaction ours, now;
        handler_of(i, &ours);
        bool good = sigaction(signals[i], NULL, &now) == 0;
        /* Ours may still be installed, if a handler that had chained to it put it back later; then the one before ours stays the same. */
        if (good && !((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == ours.sa_sigaction)) {
            before[i] = now;
            good = sigaction(signals[i], &ours, NULL) == 0;
        }
        if (!good) {
            enum murre_status status = murre_error_set(error, MURRE_ERROR_IO, MURRE_NO_OFFSET, "sigaction: %s", strerror(errno));
            remove_handlers(i);
            pthread_mutex_unlock(&lock);
            return status;
        }
    }
    users++;
    pthread_mutex_unlock(&lock);
    return MURRE_OK;
}

void murre_signal_release(void) {
    pthread_mutex_lock(&lock);
    if (--users == 0)
        remove_handlers(SIGNAL_COUNT);
    pthread_mutex_unlock(&lock);
}
