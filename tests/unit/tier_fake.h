/* For the tests of the tiers: a fake compiler, whose code is C functions of the native convention, and modules whose functions
 * get hot. One compiler per process; Criterion runs each test in one of its own. */
#ifndef MURRE_TESTS_TIER_FAKE_H
#define MURRE_TESTS_TIER_FAKE_H

#include "runtime/tier.h"

/* The compiler. Compile threads change it, so the test takes the lock wherever one may be running, or asks by the functions below. */
extern struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held;                /* compilations wait while it is set */
    bool refuse, refuse_high; /* all, or what is compiled a second time */
    enum murre_status status; /* with which; MURRE_OK stands for MURRE_ERROR_LIMIT */
    const atomic_bool *cancel;
    bool until_cancelled; /* compilations run until then, and are refused */
    bool child;           /* a process without the compile threads */
    unsigned compiling, compiled, workers, dropped;
    uint32_t order[64]; /* functions in the order of their compilation; loops with 1000 added */
    int levels[64];
    size_t memory[64]; /* that they were given */
    size_t wants;      /* what is given less is refused for want of it */
    unsigned warnings; /* of refusals, told to fake_count_warning */
} fake;

void fake_hold(bool held);
void fake_refuse_all(bool refuse);
void fake_run_until_cancelled(bool run);
unsigned fake_compiled(void);
/* Until one of the counters is so high, which takes twenty seconds at most. */
void fake_wait_for(const unsigned *counter, unsigned value);
/* For murre_config.log: nothing but warnings of what is refused, which are counted. */
void fake_count_warning(void *context, enum murre_loglevel level, const char *line);

/* An engine with this compiler and thresholds of ten. */
struct murre_engine *fake_engine(enum murre_tier tier, uint32_t threads, int level);
/* count + 1 functions of type i32 to i32, exported as "a", "b"…: each adds 1, or 1001 or 2001 when it has been "compiled" at a low or a high level.
 * The last one loops n times and returns n, or n + 100000 out of its "compiled" loop. padding: NULL, or how often "nop; nop" stands at the head of
 * each of the first count. */
struct murre_module *climb_module(struct murre_engine *engine, uint32_t count, const uint32_t *padding);

/* What most tests need of each. */
struct climb {
    struct murre_engine *engine;
    struct murre_module *module;
    struct murre_store *store;
    struct murre_instance *instance; /* in store */
};
struct climb climb_begin(enum murre_tier tier, uint32_t threads, int level, uint32_t count, const uint32_t *padding);
/* The module first, so that its store holds it. */
void climb_end(struct climb *c);
/* Makes a store with an instance of the module, beside any other; ends it. */
void climb_enter(struct climb *c);
void climb_leave(struct climb *c);

uint32_t climb_call(const struct climb *c, const char *name, uint32_t a);
/* Calls it so often. */
void climb_heat(const struct climb *c, const char *name, unsigned calls);
/* Calls it with 0 until it gives that, which takes ten seconds at most. */
void climb_until(const struct climb *c, const char *name, uint32_t result);
struct murre_stats climb_stats(const struct climb *c);

#endif
