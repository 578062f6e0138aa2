/* See wait.h. */
#include "wasi/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

bool murre_wasi_is_unsignalled(const struct murre_wasi_call *call) {
    return !murre_engine_sends_signals(murre_store_engine(call->store));
}

static bool may_block(struct murre_wasi_entry *entry) {
    return murre_wasi_entry_learn_type(entry) != WASI_SUCCESS ||
           (entry->type != WASI_FILETYPE_REGULAR_FILE && entry->type != WASI_FILETYPE_DIRECTORY &&
            entry->type != WASI_FILETYPE_BLOCK_DEVICE);
}

static bool is_nonblocking(int host) {
    int flags = fcntl(host, F_GETFL);
    return flags >= 0 && flags & O_NONBLOCK;
}

bool murre_wasi_must_await(const struct murre_wasi_call *call, struct murre_wasi_entry *entry) {
    if (entry->own_flags)
        return may_block(entry);
    return murre_wasi_is_unsignalled(call) && may_block(entry) && !is_nonblocking(entry->host);
}

murre_wasi_errno murre_wasi_await(const struct murre_wasi_call *call, const struct murre_wasi_entry *entry, short events) {
    bool wait = !(entry->own_flags && entry->nonblock);
    int slice = !wait ? 0 : murre_wasi_is_unsignalled(call) ? MURRE_WASI_SLICE : -1;
    for (;;) {
        struct pollfd fd = {.fd = entry->host, .events = events};
        int ready = poll(&fd, 1, slice);
        if (ready > 0)
            return WASI_SUCCESS;
        if (ready == 0 && !wait)
            return WASI_AGAIN;
        if (ready < 0 && !murre_wasi_retry(call))
            return murre_wasi_from_errno(errno);
        if (murre_store_interrupt_pending(call->store))
            return WASI_INTR;
    }
}

bool murre_wasi_await_again(const struct murre_wasi_entry *entry) {
    return (errno == EAGAIN || errno == EWOULDBLOCK) && !(entry->own_flags && entry->nonblock);
}
