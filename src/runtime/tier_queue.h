/* The queue of compilations of an engine: waiting requests, the order in which they are compiled, the threads that compile, and the callers that wait
 * for them. Only tier.c makes requests. Internal to the two.
 *
 * The life of a request. 1. It is made, and waits. 2. A compile thread takes the one with the best score: hits, weighed against the size of
 * the body, because a big function costs more and keeps others waiting. Requests that a caller waits for go before all others. 3. It is compiled, without
 * a lock. 4. The code is published: code->native, then func->entry of every instance of the module, under engine->lock; a loop's entry in its
 * node of code->osr. Or it is refused, which code->refused or the node records. 5. It waits once more, for its recompilation at the second level, behind
 * everything else and until nothing has been requested during its idle delay; a request that comes while it is recompiled cancels that, and doubles the
 * delay.
 *
 * The queue owns the requests: they name a module, and murre_tier_drop_module removes them before the module is freed. The queue is freed with its
 * engine, after its threads have ended. Threads start at the first request.
 *
 * fork: a child has no compile threads, and one may have held queue->lock or engine->lock. The child notices this by its process id when a request is
 * made: it compiles nothing more, never takes queue->lock, and makes engine->lock anew (compile threads only read what it guards).
 * Threads of the host that hold a lock at that moment, here or elsewhere in the engine, are not provided for: murre.h promises nothing then. */
#ifndef MURRE_RUNTIME_TIER_QUEUE_H
#define MURRE_RUNTIME_TIER_QUEUE_H

#include "runtime/runtime.h"

/* A request; copied. */
struct murre_tier_request {
    struct murre_func *func;
    struct murre_osr *loop; /* NULL: the function itself */
    uint32_t body_size;     /* bytes */
    int level;              /* of the compiler */
    int second_level;       /* at which it is compiled once more; -1: never */
    uint64_t idle_delay;    /* before that: nanoseconds without another request */
};

/* Does not start a thread yet. NULL: no memory. */
struct murre_tier_queue *murre_tier_queue_new(struct murre_engine *engine);
/* Cancels what runs, forgets what waits, and waits for the threads' end. NULL is nothing. */
void murre_tier_queue_delete(struct murre_tier_queue *queue);

/* In a child of the process that has the threads: nobody may ask then. */
bool murre_tier_queue_in_child(const struct murre_tier_queue *queue);
/* Unless it is waiting or there already. Does not block; without memory, or threads, nothing happens. Any thread. */
void murre_tier_queue_ask(struct murre_tier_queue *queue, const struct murre_tier_request *wanted);
/* For a function: waits until it has been dealt with. False: the function's store has been interrupted, and it is compiled without anybody
 * waiting. The store's thread. */
bool murre_tier_queue_wait(struct murre_tier_queue *queue, const struct murre_tier_request *wanted);

/* A loop's node in code->osr, which lives as long as the module; NULL: nothing has been noted of it. Any thread. */
struct murre_osr *murre_tier_find_loop(const struct murre_code *code, uint32_t loop);
/* Made where there is none. NULL: no memory. */
struct murre_osr *murre_tier_queue_add_loop(struct murre_tier_queue *queue, struct murre_code *code, uint32_t loop);

#endif
