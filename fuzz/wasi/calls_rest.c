/* Attributes of descriptors, the guest's environment, waiting, sockets; and the sequence itself. */
#include <string.h>

#include "wasi/guest.h"

/* ---- descriptors --------------------------------------------------------------------------------------------------------- */

static void close_(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g);
    struct guest_fd *fd = guest_with(g, number, 0, &errors);
    if (GUEST_CALL(g, fd_close, &errors, number))
        *fd = (struct guest_fd){0};
}

static void renumber(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t from = guest_pick_fd(g), to = guest_pick_fd(g);
    struct guest_fd *source = guest_with(g, from, 0, &errors), *target = guest_with(g, to, 0, &errors);
    if (GUEST_CALL(g, fd_renumber, &errors, from, to) && source != target) {
        *target = *source;
        *source = (struct guest_fd){0};
    }
}

static void fdstat_get(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), result = guest_pointer(g, 24, 8);
    struct guest_fd *fd = guest_with(g, number, 0, &errors);
    if (!GUEST_CALL(g, fd_fdstat_get, &errors, number, result))
        return;
    guest_learn(fd);
    uint8_t *stat = g->shadow + result;
    memset(stat, 0, 24);
    stat[0] = guest_type(fd);
    murre_wasi_put16(stat + 2, (uint16_t)((fd->append ? WASI_FDFLAG_APPEND : 0) | (fd->nonblock ? WASI_FDFLAG_NONBLOCK : 0) |
                                          (fd->sync == 2   ? WASI_FDFLAG_SYNC
                                           : fd->sync == 1 ? WASI_FDFLAG_DSYNC
                                                           : 0)));
    murre_wasi_put64(stat + 8, murre_wasi_known_rights(&g->call, fd->base));
    murre_wasi_put64(stat + 16, murre_wasi_known_rights(&g->call, fd->inheriting));
}

/* A socket stays one that does not wait. */
static void fdstat_set_flags(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), flags = guest_byte(g) % 36;
    struct guest_fd *fd = guest_with(g, number, WASI_RIGHT_FD_FDSTAT_SET_FLAGS, &errors);
    if (fd && fd->kind == GUEST_SOCKET)
        flags |= WASI_FDFLAG_NONBLOCK;
    if (flags & ~(uint32_t)WASI_FDFLAGS_ALL)
        model_error(&errors, WASI_INVAL);
    uint8_t sync = flags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC) ? 2 : flags & WASI_FDFLAG_DSYNC ? 1 : 0;
    bool real = fd && (fd->kind == GUEST_NODE || fd->kind == GUEST_SOCKET);
    if (fd && sync != fd->sync)
        model_error(&errors, WASI_INVAL);
    if (fd && !real && flags != 0)
        model_error(&errors, WASI_NOTSUP);
    if (GUEST_CALL(g, fd_fdstat_set_flags, &errors, number, flags) && real) {
        fd->append = flags & WASI_FDFLAG_APPEND;
        fd->nonblock = flags & WASI_FDFLAG_NONBLOCK;
    }
}

static void fdstat_set_rights(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g);
    uint64_t base = guest_number(g), inheriting = guest_number(g);
    struct guest_fd *fd = guest_with(g, number, 0, &errors);
    if (fd) {
        guest_learn(fd);
        base &= guest_byte(g) < 200 ? fd->base : UINT64_MAX;
        if (base & ~fd->base || inheriting & ~fd->inheriting)
            model_error(&errors, WASI_NOTCAPABLE);
    }
    if (GUEST_CALL(g, fd_fdstat_set_rights, &errors, number, base, inheriting)) {
        fd->allowed &= ~(fd->base & ~base); /* given up */
        fd->passes &= ~(fd->inheriting & ~inheriting);
        fd->base = base;
        fd->inheriting = inheriting;
    }
}

static void filestat_get(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), size = murre_wasi_filestat_size(&g->call), result = guest_pointer(g, size, 8);
    struct guest_fd *fd = guest_with(g, number, WASI_RIGHT_FD_FILESTAT_GET, &errors);
    if (!GUEST_CALL(g, fd_filestat_get, &errors, number, result))
        return;
    guest_learn(fd);
    guest_accept(g, result, size);
    uint8_t type = g->memory[result + 16];
    if (type != guest_type(fd))
        guest_wrong(g, "type %u instead of %u", type, guest_type(fd));
    if (fd->kind == GUEST_NODE)
        guest_check_stat(g, result, fd->node);
}

static void filestat_set_times(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), which = guest_byte(g) % 20;
    uint64_t atim = guest_number(g), mtim = guest_number(g);
    struct guest_fd *fd = guest_with_host(g, number, WASI_RIGHT_FD_FILESTAT_SET_TIMES, &errors);
    if (which > 15 || (which & 3) == 3 || which >> 2 == 3)
        model_error(&errors, WASI_INVAL);
    if (fd && fd->kind == GUEST_NODE && fd->node->immutable && which)
        model_error(&errors, WASI_PERM);
    if (GUEST_CALL(g, fd_filestat_set_times, &errors, number, atim, mtim, which))
        guest_set_times(fd->node, which, atim, mtim);
}

static void prestat(struct guest *g, bool name) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), size = guest_byte(g) % 16, result = guest_pointer(g, name ? size : 8, name ? 1 : 4);
    struct guest_fd *fd = guest_fd(g, number);
    if (!fd || !fd->preopen)
        model_error(&errors, fd && name ? WASI_NOTDIR : WASI_BADF);
    else if (name && size < strlen(fd->preopen))
        model_error(&errors, WASI_NAMETOOLONG);
    if (name && GUEST_CALL(g, fd_prestat_dir_name, &errors, number, result, size))
        memcpy(g->shadow + result, fd->preopen, strlen(fd->preopen));
    if (!name && GUEST_CALL(g, fd_prestat_get, &errors, number, result)) {
        memset(g->shadow + result, 0, 8);
        murre_wasi_put32(g->shadow + result + 4, (uint32_t)strlen(fd->preopen));
    }
}

/* ---- what surrounds the guest ---------------------------------------------------------------------------------------------- */

static uint32_t strings_size(const char *const *list, uint32_t count) {
    uint32_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += (uint32_t)strlen(list[i]) + 1;
    return size;
}

static void sizes(struct guest *g, int index, const char *const *list, uint32_t count) {
    uint32_t first = guest_pointer(g, 4, 4), second = guest_pointer(g, 4, 4);
    struct model_errors errors = {0};
    bool done = index == MURRE_WASI_INDEX_args_sizes_get ? GUEST_CALL(g, args_sizes_get, &errors, first, second)
                                                         : GUEST_CALL(g, environ_sizes_get, &errors, first, second);
    if (done) {
        murre_wasi_put32(g->shadow + first, count);
        murre_wasi_put32(g->shadow + second, strings_size(list, count));
    }
}

static void strings(struct guest *g, int index, const char *const *list, uint32_t count) {
    uint32_t pointers = guest_pointer(g, 4 * count, 4), buffer = guest_pointer(g, strings_size(list, count), 1);
    struct model_errors errors = {0};
    bool done = index == MURRE_WASI_INDEX_args_get ? GUEST_CALL(g, args_get, &errors, pointers, buffer)
                                                   : GUEST_CALL(g, environ_get, &errors, pointers, buffer);
    if (!done)
        return;
    uint32_t at = buffer;
    for (uint32_t i = 0; i < count; i++) {
        murre_wasi_put32(g->shadow + pointers + 4 * i, at);
        at += (uint32_t)strlen(list[i]) + 1;
    }
    for (uint32_t i = 0; i < count; i++) { /* over the pointers, where they overlap */
        memcpy(g->shadow + buffer, list[i], strlen(list[i]) + 1);
        buffer += (uint32_t)strlen(list[i]) + 1;
    }
}

static void clock_(struct guest *g, bool resolution) {
    struct model_errors errors = {0};
    uint32_t id = guest_byte(g) % 6, result = guest_pointer(g, 8, 8);
    if (id > 3)
        model_error(&errors, WASI_INVAL);
    bool done = resolution ? GUEST_CALL(g, clock_res_get, &errors, id, result) : GUEST_CALL(g, clock_time_get, &errors, id, 0, result);
    if (!done)
        return;
    guest_accept(g, result, 8);
    if (resolution && murre_wasi_get64(g->memory + result) == 0)
        guest_wrong(g, "a clock without resolution");
}

static void random_(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t size = guest_byte(g) * 4u, buffer = guest_pointer(g, size, 1);
    if (GUEST_CALL(g, random_get, &errors, buffer, size))
        guest_accept(g, buffer, size);
}

/* A process's end and its signals end the guest; here it goes on. */
static void process(struct guest *g, int index) {
    static const uint32_t stops = 1u << 18 | 1u << 19 | 1u << 20 | 1u << 21, nothing = 1u << 0 | 1u << 16 | 1u << 17 | 1u << 22 | 1u << 27;
    struct model_errors errors = {0};
    uint32_t number = guest_byte(g) % 34;
    if (index == MURRE_WASI_INDEX_sched_yield) {
        GUEST_CALL(g, sched_yield, &errors, 0);
    } else if (index == MURRE_WASI_INDEX_proc_exit) {
        g->bad_pointer = true; /* in so far as it must end in a trap */
        GUEST_CALL(g, proc_exit, &errors, number);
    } else {
        if (number > 30)
            model_error(&errors, WASI_INVAL);
        else if (stops >> number & 1)
            model_error(&errors, WASI_NOTSUP);
        else
            g->bad_pointer = !(nothing >> number & 1);
        GUEST_CALL(g, proc_raise, &errors, number);
    }
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------------- */

/* Up to twelve subscriptions; the last is a clock whose time comes at once, so that nothing waits. */
static void poll_(struct guest *g) {
    struct model_errors errors = {0};
    uint8_t shape = guest_byte(g);
    uint32_t size = murre_wasi_subscription_size(&g->call), count = 1 + shape % 12, in = LISTS, result = guest_pointer(g, 4, 4),
             out = shape & 128 ? in : 3072;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t record[56] = {0}, *clock = record + murre_wasi_clock_offset(&g->call), type = i + 1 == count ? 0 : guest_byte(g) % 3;
        murre_wasi_put64(record, i);
        record[8] = type;
        if (type == 0) {
            murre_wasi_put32(clock, i + 1 == count ? 1 : guest_byte(g) % 5);
            murre_wasi_put64(clock + 8, i + 1 == count ? 1000 : guest_number(g));
            murre_wasi_put16(clock + 24, i + 1 == count ? 0 : guest_byte(g) & 1);
        } else {
            murre_wasi_put32(record + 16, guest_pick_fd(g));
        }
        if (shape == 255 && i == 0) {
            record[8] = 3;
            model_error(&errors, WASI_INVAL);
        }
        guest_put(g, in + size * i, record, size);
    }
    if (!GUEST_CALL(g, poll_oneoff, &errors, in, out, count, result))
        return;
    uint32_t events = murre_wasi_get32(g->memory + result);
    guest_accept(g, out, 32 * (size_t)count);
    guest_accept(g, result, 4);
    if (events == 0 || events > count)
        guest_wrong(g, "%u events of %u", events, count);
    bool overlaps = result + 4 > out && result < out + 32 * count;
    for (uint32_t i = 0; i < events && !overlaps; i++)
        if (murre_wasi_get64(g->memory + out + 32 * i) >= count)
            guest_wrong(g, "an event that nobody asked for");
}

/* ---- sockets ----------------------------------------------------------------------------------------------------------------- */

/* A socket's own outcome is the system's; everything else is none. */
static void socket_(struct guest *g, int index) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), how = guest_byte(g) % 5, size = guest_pointer(g, 4, 4), flags = guest_pointer(g, 2, 2);
    struct guest_fd *fd = guest_fd(g, number);
    guest_put32(g, LISTS, 4096);
    guest_put32(g, LISTS + 4, how * 8);
    if (!fd)
        model_error(&errors, WASI_BADF);
    else if (fd->kind != GUEST_SOCKET)
        model_error(&errors, WASI_NOTSOCK);
    else
        errors = GUEST_ANY;
    bool done = false;
    switch (index) {
    case MURRE_WASI_INDEX_sock_accept:
        g->bad_pointer = size % 4 || size > GUEST_SIZE - 4;
        done = GUEST_CALL(g, sock_accept, &errors, number, how & ~1u, size);
        break;
    case MURRE_WASI_INDEX_sock_recv: done = GUEST_CALL(g, sock_recv, &errors, number, LISTS, 1, how, size, flags); break;
    case MURRE_WASI_INDEX_sock_send:
        g->bad_pointer = size % 4 || size > GUEST_SIZE - 4;
        done = GUEST_CALL(g, sock_send, &errors, number, LISTS, 1, how / 4, size);
        break;
    default: g->bad_pointer = false; done = GUEST_CALL(g, sock_shutdown, &errors, number, how);
    }
    if (done) {
        guest_accept(g, 4096, 32);
        guest_accept(g, size, 4);
        guest_accept(g, flags, 2);
    }
}

void calls_rest(struct guest *g, int index) {
    switch (index) {
    case MURRE_WASI_INDEX_fd_close: close_(g); break;
    case MURRE_WASI_INDEX_fd_renumber: renumber(g); break;
    case MURRE_WASI_INDEX_fd_fdstat_get: fdstat_get(g); break;
    case MURRE_WASI_INDEX_fd_fdstat_set_flags: fdstat_set_flags(g); break;
    case MURRE_WASI_INDEX_fd_fdstat_set_rights: fdstat_set_rights(g); break;
    case MURRE_WASI_INDEX_fd_filestat_get: filestat_get(g); break;
    case MURRE_WASI_INDEX_fd_filestat_set_times: filestat_set_times(g); break;
    case MURRE_WASI_INDEX_fd_prestat_get: prestat(g, false); break;
    case MURRE_WASI_INDEX_fd_prestat_dir_name: prestat(g, true); break;
    case MURRE_WASI_INDEX_args_sizes_get: sizes(g, index, guest_arguments, GUEST_ARGUMENTS); break;
    case MURRE_WASI_INDEX_environ_sizes_get: sizes(g, index, guest_environment, GUEST_ENVIRONMENT); break;
    case MURRE_WASI_INDEX_args_get: strings(g, index, guest_arguments, GUEST_ARGUMENTS); break;
    case MURRE_WASI_INDEX_environ_get: strings(g, index, guest_environment, GUEST_ENVIRONMENT); break;
    case MURRE_WASI_INDEX_clock_res_get: clock_(g, true); break;
    case MURRE_WASI_INDEX_clock_time_get: clock_(g, false); break;
    case MURRE_WASI_INDEX_random_get: random_(g); break;
    case MURRE_WASI_INDEX_poll_oneoff: poll_(g); break;
    case MURRE_WASI_INDEX_proc_exit:
    case MURRE_WASI_INDEX_proc_raise:
    case MURRE_WASI_INDEX_sched_yield: process(g, index); break;
    default: socket_(g, index); break;
    }
}
