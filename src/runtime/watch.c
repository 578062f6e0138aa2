/* A watch: see watch.h. The first murre_watch_set makes the thread, which sleeps until the deadline, or for ever if there is none. A child
 * of fork has no such thread: its first murre_watch_set makes another. Until then a watch does nothing, and calls check the clock when they
 * start. */
#include "runtime/watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

struct murre_watch {
    const struct murre_allocator *allocator; /* the engine's */
    atomic_bool *flag;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    uint64_t moment; /* 0: none */
    bool fired, stopping;
    int process; /* that has the thread; 0: not started */
};

static const uint64_t second = 1000000000;

/* With the lock. */
static void sleep_until(struct murre_watch *watch, uint64_t moment) {
    struct timespec time = {(time_t)(moment / second), (long)(moment % second)};
    if (pthread_cond_timedwait(&watch->wake, &watch->lock, &time) == ETIMEDOUT && watch->moment == moment) {
        watch->moment = 0;
        watch->fired = true;
        atomic_store_explicit(watch->flag, true, memory_order_seq_cst);
    }
}

static void *run(void *argument) {
    struct murre_watch *watch = argument;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        if (watch->moment)
            sleep_until(watch, watch->moment);
        else
            pthread_cond_wait(&watch->wake, &watch->lock);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void make_locks(struct murre_watch *watch) {
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->wake, &attr);
    pthread_condattr_destroy(&attr);
}

static bool start(struct murre_watch *watch) {
    if (watch->process == getpid())
        return true;
    if (watch->process) { /* a child of fork: the thread, and what it held, stayed with the parent */
        make_locks(watch);
        watch->process = 0;
        watch->moment = 0;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the host's signals are for the host's threads */
    if (pthread_create(&watch->thread, &attr, run, watch) == 0)
        watch->process = getpid();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return watch->process != 0;
}

struct murre_watch *murre_watch_new(const struct murre_allocator *allocator, atomic_bool *flag) {
    struct murre_watch *watch = murre_alloc_zero(allocator, sizeof *watch);
    if (!watch)
        return NULL;
    watch->allocator = allocator;
    watch->flag = flag;
    make_locks(watch);
    return watch;
}

bool murre_watch_set(struct murre_watch *watch, uint64_t moment) {
    if (!start(watch))
        return false;
    pthread_mutex_lock(&watch->lock);
    watch->moment = moment;
    watch->fired = false;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->lock);
    return true;
}

static bool take_fired(struct murre_watch *watch, bool cancel) {
    if (watch->process != getpid())
        return false;
    pthread_mutex_lock(&watch->lock);
    bool fired = watch->fired;
    watch->fired = false;
    if (cancel)
        watch->moment = 0;
    pthread_mutex_unlock(&watch->lock);
    return fired;
}

bool murre_watch_fired(struct murre_watch *watch) {
    return take_fired(watch, false);
}

bool murre_watch_cancel(struct murre_watch *watch) {
    return take_fired(watch, true);
}

void murre_watch_delete(struct murre_watch *watch) {
    if (watch->process == getpid()) {
        pthread_mutex_lock(&watch->lock);
        watch->stopping = true;
        pthread_cond_signal(&watch->wake);
        pthread_mutex_unlock(&watch->lock);
        pthread_join(watch->thread, NULL);
    }
    if (!watch->process || watch->process == getpid()) {
        pthread_cond_destroy(&watch->wake);
        pthread_mutex_destroy(&watch->lock);
    }
    murre_free(watch->allocator, watch, sizeof *watch);
}
