/* Stores from the embedder's side. One thread at a time, except murre_store_interrupt. */
#include "runtime/store.h"

#include "runtime/interrupt.h"

struct murre_store *murre_store_new(struct murre_engine *engine, struct murre_error *error) {
    murre_error_clear(error);
    return murre_store_create(engine, error);
}

void murre_store_delete(struct murre_store *store) {
    if (!store)
        return;
    murre_store_check_idle(store);
    murre_store_destroy(store);
}

struct murre_engine *murre_store_engine(const struct murre_store *store) {
    return store->engine;
}

void murre_store_set_data(struct murre_store *store, void *data) {
    store->data = data;
}

void *murre_store_data(const struct murre_store *store) {
    return store->data;
}

void murre_store_set_limits(struct murre_store *store, const struct murre_store_limits *limits) {
    store->limits = *limits;
    murre_stack_limit(&store->stack, limits->stack_bytes);
    store->thread_serial = 0; /* the next call finds out about its stack again */
}

void murre_store_interrupt(struct murre_store *store) {
    murre_interrupt_request(store);
}

bool murre_store_interrupt_pending(const struct murre_store *store) {
    return atomic_load_explicit(&store->interrupt, memory_order_acquire);
}

enum murre_status murre_store_set_timeout(struct murre_store *store, uint64_t nanoseconds, struct murre_error *error) {
    murre_error_clear(error);
    return murre_interrupt_set_timeout(store, nanoseconds, error);
}
