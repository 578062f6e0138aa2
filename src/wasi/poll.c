/* poll_oneoff: any number of subscriptions, each to a clock or to the readiness of a descriptor. All subscriptions are read before an event is
 * written, so that the guest's arrays may overlap. The call returns as soon as there is an event, with all events at that time.
 *
 * subscription, 48 bytes: {u64 userdata; u8 tag at 8; clock at 16: {u32 id; u64 timeout at 24; u64 precision at 32; u16 flags at 40};
 *                          or descriptor at 16: u32}; preview0.h says how that of preview 0 differs
 * event, 32 bytes:        {u64 userdata; u16 error at 8; u8 type at 10; u64 size at 16; u16 flags at 24} */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "wasi/kind.h"
#include "wasi/wait.h"

#define EVENT              32
#define MOST_SUBSCRIPTIONS 65536
#define FEW                8 /* so many are handled without an allocation */

struct subscription {
    uint64_t userdata;
    uint8_t type;
    murre_wasi_errno error; /* known at once */
    bool ready;             /* known at once, or when its time has come */
    clockid_t clock;
    uint64_t deadline; /* of clock, in nanoseconds */
    struct murre_wasi_entry *entry;
};

struct poll {
    struct subscription *subscriptions;
    struct pollfd *fds; /* one a subscription; fd is -1 where there is nothing to wait for */
    uint32_t count;
    bool any_ready;
};

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return murre_wasi_nanoseconds(time.tv_sec, time.tv_nsec);
}

static void read_clock(struct subscription *subscription, const uint8_t *from) {
    uint32_t id = murre_wasi_get32(from);
    uint64_t timeout = murre_wasi_get64(from + 8);
    bool absolute = murre_wasi_get16(from + 24) & WASI_SUBCLOCKFLAG_ABSTIME;
    if (id > 1) { /* nobody can wait for CPU time while using none */
        subscription->error = id > 3 ? WASI_INVAL : WASI_NOTSUP;
        subscription->ready = true;
        return;
    }
    /* What is relative is measured by the clock that nobody sets. */
    subscription->clock = absolute && id == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    if (absolute)
        subscription->deadline = timeout;
    else if (__builtin_add_overflow(now(CLOCK_MONOTONIC), timeout, &subscription->deadline))
        subscription->deadline = UINT64_MAX;
}

/* What is neither read nor written to will never be ready for it; but files always are, however they were opened. */
static murre_wasi_errno check_descriptor(struct murre_wasi_entry *entry, uint8_t type) {
    uint64_t right = type == WASI_EVENTTYPE_FD_READ ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;
    if (entry->able & right)
        return WASI_SUCCESS;
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    return error != WASI_SUCCESS ? error : entry->type == WASI_FILETYPE_REGULAR_FILE ? WASI_SUCCESS : WASI_BADF;
}

static void read_descriptor(struct murre_wasi_call *call, struct subscription *subscription, struct pollfd *fd, uint32_t number) {
    subscription->error = murre_wasi_fdtable_get(&call->wasi->fds, number, WASI_RIGHT_POLL_FD_READWRITE, &subscription->entry);
    if (subscription->error == WASI_SUCCESS)
        subscription->error = check_descriptor(subscription->entry, subscription->type);
    if (subscription->error == WASI_SUCCESS)
        fd->fd = subscription->entry->kind->waits_for(subscription->entry);
    subscription->ready = fd->fd < 0;
    fd->events = subscription->type == WASI_EVENTTYPE_FD_READ ? POLLIN : POLLOUT;
}

static murre_wasi_errno read_all(struct murre_wasi_call *call, struct poll *poll, const uint8_t *from) {
    for (uint32_t i = 0; i < poll->count; i++, from += murre_wasi_subscription_size(call)) {
        struct subscription *subscription = &poll->subscriptions[i];
        *subscription = (struct subscription){.userdata = murre_wasi_get64(from), .type = from[8]};
        poll->fds[i] = (struct pollfd){.fd = -1};
        if (subscription->type == WASI_EVENTTYPE_CLOCK)
            read_clock(subscription, from + murre_wasi_clock_offset(call));
        else if (subscription->type <= WASI_EVENTTYPE_FD_WRITE)
            read_descriptor(call, subscription, &poll->fds[i], murre_wasi_get32(from + 16));
        else
            return WASI_INVAL;
        poll->any_ready |= subscription->ready;
    }
    return WASI_SUCCESS;
}

/* Marks the clocks whose time has come. Returns the nanoseconds until the next one's, UINT64_MAX when there is none. */
static uint64_t look_at_clocks(struct poll *poll) {
    uint64_t monotonic = now(CLOCK_MONOTONIC), realtime = now(CLOCK_REALTIME), next = UINT64_MAX;
    for (uint32_t i = 0; i < poll->count; i++) {
        struct subscription *subscription = &poll->subscriptions[i];
        if (subscription->type != WASI_EVENTTYPE_CLOCK || subscription->ready)
            continue;
        uint64_t time = subscription->clock == CLOCK_REALTIME ? realtime : monotonic;
        if (subscription->deadline <= time)
            subscription->ready = poll->any_ready = true;
        else if (subscription->deadline - time < next)
            next = subscription->deadline - time;
    }
    return next;
}

/* Waits until something is ready. */
static murre_wasi_errno wait(struct murre_wasi_call *call, struct poll *poll) {
    const uint64_t slice = murre_wasi_is_unsignalled(call) ? MURRE_WASI_SLICE * UINT64_C(1000000) : UINT64_MAX;
    for (;;) {
        uint64_t left = look_at_clocks(poll);
        if (poll->any_ready)
            left = 0;
        if (left > slice)
            left = slice;
        struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};
        int ready = ppoll(poll->fds, poll->count, left == UINT64_MAX ? NULL : &timeout, NULL);
        if (ready < 0 && !murre_wasi_retry(call))
            return murre_wasi_from_errno(errno);
        if (ready < 0) {
            for (uint32_t i = 0; i < poll->count; i++)
                poll->fds[i].revents = 0;
            continue;
        }
        if (ready > 0 || poll->any_ready) {
            look_at_clocks(poll);
            return WASI_SUCCESS;
        }
        if (murre_store_interrupt_pending(call->store))
            return WASI_INTR;
    }
}

static bool put_event(uint8_t *event, const struct subscription *subscription, const struct pollfd *fd) {
    if (!subscription->ready && fd->revents == 0)
        return false;
    murre_wasi_errno error = subscription->error;
    if (fd->revents & POLLNVAL)
        error = WASI_BADF;
    memset(event, 0, EVENT);
    murre_wasi_put64(event, subscription->userdata);
    murre_wasi_put16(event + 8, error);
    event[10] = subscription->type;
    if (error != WASI_SUCCESS || subscription->type == WASI_EVENTTYPE_CLOCK)
        return true;
    const struct murre_wasi_entry *entry = subscription->entry;
    murre_wasi_put64(event + 16, subscription->type == WASI_EVENTTYPE_FD_READ ? entry->kind->readable(entry) : 1);
    if (fd->revents & (POLLHUP | POLLERR))
        murre_wasi_put16(event + 24, WASI_EVENTRWFLAG_HANGUP);
    return true;
}

static murre_wasi_errno run(struct murre_wasi_call *call, struct poll *poll, const uint8_t *in, uint8_t *out, void *result) {
    murre_wasi_errno error = read_all(call, poll, in);
    if (error == WASI_SUCCESS)
        error = wait(call, poll);
    if (error != WASI_SUCCESS)
        return error;
    uint32_t events = 0;
    for (uint32_t i = 0; i < poll->count; i++)
        events += put_event(out + (size_t)events * EVENT, &poll->subscriptions[i], &poll->fds[i]);
    murre_wasi_put32(result, events);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_poll_oneoff(struct murre_wasi_call *call, const union murre_slot *args) {
    struct poll poll = {.count = args[2].u32};
    const uint8_t *in = murre_wasi_guest(call, args[0].u32, poll.count, murre_wasi_subscription_size(call), 8);
    uint8_t *out = murre_wasi_guest(call, args[1].u32, poll.count, EVENT, 8);
    void *result = murre_wasi_guest(call, args[3].u32, 1, 4, 4);
    if (in == NULL || out == NULL || result == NULL)
        return WASI_FAULT;
    if (poll.count == 0)
        return WASI_INVAL;
    if (poll.count > MOST_SUBSCRIPTIONS)
        return WASI_NOMEM; /* the host's, which no limit of the guest's memory would bound */
    struct subscription few[FEW];
    struct pollfd few_fds[FEW];
    if (poll.count <= FEW) {
        poll.subscriptions = few;
        poll.fds = few_fds;
        return run(call, &poll, in, out, result);
    }
    const struct murre_allocator *allocator = &call->wasi->allocator;
    poll.subscriptions = murre_alloc_array(allocator, poll.count, sizeof *poll.subscriptions);
    poll.fds = murre_alloc_array(allocator, poll.count, sizeof *poll.fds);
    murre_wasi_errno error = WASI_NOMEM;
    if (poll.subscriptions != NULL && poll.fds != NULL)
        error = run(call, &poll, in, out, result);
    if (poll.subscriptions != NULL)
        murre_free(allocator, poll.subscriptions, poll.count * sizeof *poll.subscriptions);
    if (poll.fds != NULL)
        murre_free(allocator, poll.fds, poll.count * sizeof *poll.fds);
    return error;
}
