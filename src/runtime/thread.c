/* Threads that run Wasm: where their stack ends, and a stack for signal handlers.
 *
 * Compiled code compares its stack pointer with instance->stack_limit, the interpreter's calls into C compare it with store->stack_limit.
 * Below the limit there is room for C code at the edge (helpers, host functions, lowering a function, raising the trap). If the
 * current stack is not the one that the thread was made with (a host with coroutines), its size cannot be known; then the limit is
 * foreign_room below the first call, for all calls within it on that stack. The only way to know which stack an address is on is to compare it with the
 * limits in force.
 *
 * The main thread's stack grows down to RLIMIT_STACK below its top. Its top is found from the auxiliary vector: the path of the program is the
 * first thing that the kernel puts there. (pthread_getattr_np would read /proc/self/maps, which takes longer than all of our start-up.) */
#include "runtime/thread.h"

#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/interrupt.h"

__thread struct murre_thread murre_thread_current = {.timer = -1};

static const uintptr_t most_room = 128 * 1024, least_room = 16 * 1024; /* bytes of stack for C code */
static const uintptr_t foreign_room = 64 * 1024;
static const uintptr_t most_stack = 64 * 1024 * 1024; /* of a main thread without a limit */

static _Atomic uint64_t last_serial;

/* ---- a stack for handlers, so that a fault on an exhausted stack is still handled ---------------------------------------------- */

static pthread_key_t exit_key;
static bool exit_key_made;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void leave(void *argument) {
    struct murre_thread *thread = argument;
    murre_interrupt_thread_exit(thread);
    if (thread->signal_stack) {
        stack_t stack;
        if (sigaltstack(NULL, &stack) == 0 && stack.ss_sp == thread->signal_stack) {
            stack.ss_flags = SS_DISABLE;
            sigaltstack(&stack, NULL);
        }
        munmap(thread->signal_stack, thread->signal_stack_size);
        thread->signal_stack = NULL;
    }
    thread->serial = 0;
    thread->takes_signals = false;
}

/* In the child of a fork, on the only thread that it has: the thread's number and its timers stayed with the parent. Stores are bound anew at
 * their next call, those that are running at once. */
static void after_fork(void) {
    struct murre_thread *thread = &murre_thread_current;
    if (!thread->serial)
        return;
    thread->id = (int)syscall(SYS_gettid);
    thread->timer = -1;
    if (thread->takes_signals && exit_key_made)
        murre_interrupt_prepare(thread);
    thread->serial = atomic_fetch_add_explicit(&last_serial, 1, memory_order_relaxed) + 1;
    for (struct murre_activation *a = thread->latest; a; a = a->outer_of_thread) {
        a->store->thread_serial = thread->serial;
        murre_interrupt_thread_change(a->store, thread);
    }
}

static void prepare_process(void) {
    exit_key_made = pthread_key_create(&exit_key, leave) == 0;
    /* Goes with the library when it is unloaded: the C library registers it for the object that asks. Without memory for it, children lack
     * deadlines and requests. */
    (void)pthread_atfork(NULL, NULL, after_fork);
}

/* The library may be unloaded while threads live on: they must not call leave then. */
__attribute__((destructor)) static void delete_exit_key(void) {
    if (!exit_key_made)
        return;
    pthread_key_delete(exit_key);
    murre_interrupt_thread_exit(&murre_thread_current);
}

static void make_signal_stack(struct murre_thread *thread) {
    stack_t stack;
    if (thread->signal_stack || sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE))
        return;
    size_t context = getauxval(AT_MINSIGSTKSZ);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = ((context ? context : 4096) + 32 * 1024 + page - 1) & ~(page - 1);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return;
    stack = (stack_t){.ss_sp = memory, .ss_size = size};
    if (sigaltstack(&stack, NULL) != 0) {
        munmap(memory, size);
        return;
    }
    thread->signal_stack = memory;
    thread->signal_stack_size = size;
}

/* ---- stack bounds --------------------------------------------------------------------------------------------------------------- */

/* Where address space is limited, others may have taken it all before the main thread's stack has grown. So let it grow now, as far as there is
 * room; a smaller stack is a trap earlier, but a stack that cannot grow is the end of the process. It costs one page of memory. */
static void claim_main_stack(uintptr_t top, uintptr_t page, uintptr_t *size) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    uintptr_t used = top - (uintptr_t)__builtin_frame_address(0);
    for (; *size / 2 > used + most_room; *size = (*size / 2 + page - 1) & ~(page - 1)) {
        void *probe = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (probe != MAP_FAILED) {
            munmap(probe, *size);
            *(volatile char *)(top - *size + page) = 0;
            return;
        }
    }
}

static bool main_bounds(uintptr_t *low, uintptr_t *size) {
    const char *path = (const char *)getauxval(AT_EXECFN);
    struct rlimit limit;
    if (!path || getrlimit(RLIMIT_STACK, &limit) != 0)
        return false;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t top = ((uintptr_t)path + strlen(path) + 1 + sizeof(void *) + page - 1) & ~(page - 1);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    *size = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most_stack ? most_stack : (uintptr_t)limit.rlim_cur;
    if (here < top && top - here < *size)
        claim_main_stack(top, page, size);
    *low = top - *size;
    return here - *low < *size;
}

static bool thread_bounds(uintptr_t *low, uintptr_t *size) {
    pthread_attr_t attr;
    void *address;
    size_t bytes, guard = 0;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return false;
    bool good = pthread_attr_getstack(&attr, &address, &bytes) == 0;
    pthread_attr_getguardsize(&attr, &guard);
    pthread_attr_destroy(&attr);
    if (!good || bytes <= guard)
        return false;
    *low = (uintptr_t)address + guard; /* whether the guard is counted in differs between C libraries */
    *size = bytes - guard;
    return true;
}

static void set_up(struct murre_thread *thread) {
    thread->id = (int)syscall(SYS_gettid);
    uintptr_t low = 0, size = 0;
    if (!(thread->id == getpid() && main_bounds(&low, &size)) && !thread_bounds(&low, &size))
        size = 0; /* then every call looks foreign */
    uintptr_t room = size / 4 > most_room ? most_room : size / 4 < least_room ? least_room : size / 4;
    if (room > size / 2)
        room = size / 2;
    thread->stack_low = low;
    thread->stack_size = size;
    thread->stack_limit = low + room;
    thread->serial = atomic_fetch_add_explicit(&last_serial, 1, memory_order_relaxed) + 1;
    pthread_once(&once, prepare_process);
    if (exit_key_made)
        pthread_setspecific(exit_key, thread);
}

static void take_signals(struct murre_thread *thread) {
    thread->takes_signals = true;
    make_signal_stack(thread);
    if (exit_key_made) /* otherwise nobody would take it away */
        murre_interrupt_prepare(thread);
    /* A host that blocks all signals in its threads has not meant those that stand for traps. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigaddset(&set, SIGBUS);
    sigaddset(&set, SIGFPE);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void murre_thread_set_limit(struct murre_store *store, uintptr_t limit) {
    if (limit == store->stack_limit)
        return;
    store->stack_limit = limit;
    for (struct murre_instance *instance = store->instances; instance; instance = instance->next)
        instance->stack_limit = limit;
}

/* Whether here lies on the stack whose limit this is. Further below a limit than host functions go nobody can tell one foreign stack from the
 * next. */
static bool is_limit_of(const struct murre_store *store, uintptr_t limit, uintptr_t here) {
    const struct murre_thread *thread = &murre_thread_current;
    bool own = here - thread->stack_low < thread->stack_size, of_own = limit - thread->stack_low < thread->stack_size;
    if (own || of_own)
        return own && of_own;
    uint64_t most = store->limits.stack_bytes;
    return here + least_room - limit <= least_room + (most && most < foreign_room ? (uintptr_t)most : foreign_room);
}

uintptr_t murre_thread_known_limit(const struct murre_store *store, uintptr_t here) {
    if (!store->activation || store->thread_serial != murre_thread_current.serial)
        return 0;
    if (is_limit_of(store, store->stack_limit, here))
        return store->stack_limit;
    for (const struct murre_other_stack *other = store->other_stacks; other; other = other->outer)
        if (is_limit_of(store, other->limit, here))
            return other->limit;
    return 0;
}

void murre_thread_bind(struct murre_store *store) {
    struct murre_thread *thread = &murre_thread_current;
    if (!thread->serial)
        set_up(thread);
    if (!thread->takes_signals && !store->engine->config.no_signals)
        take_signals(thread);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    bool own = here - thread->stack_low < thread->stack_size;
    uintptr_t limit = own ? thread->stack_limit : here - foreign_room, most = store->limits.stack_bytes;
    if (most && most < here - limit)
        limit = here - most;
    murre_thread_set_limit(store, limit);
    if (store->thread_serial != thread->serial) {
        store->thread_serial = thread->serial;
        murre_interrupt_thread_change(store, thread);
    }
}
