/* sock_accept, sock_recv, sock_send, sock_shutdown: on sockets that the host passes in, and on those accepted from them. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "wasi/budget.h"
#include "wasi/wait.h"

/* NOTSOCK comes before NOTCAPABLE: what is no socket has no rights of one. */
static murre_wasi_errno get_socket(struct murre_wasi_call *call, uint32_t fd, uint64_t rights, struct murre_wasi_entry **socket) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, fd);
    if (entry == NULL)
        return WASI_BADF;
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS)
        return error;
    if (entry->type != WASI_FILETYPE_SOCKET_STREAM && entry->type != WASI_FILETYPE_SOCKET_DGRAM)
        return WASI_NOTSOCK;
    return murre_wasi_fdtable_get(&call->wasi->fds, fd, rights, socket);
}

/* Before each attempt: waits where the attempt could block and nothing would end that. */
static murre_wasi_errno get_ready(struct murre_wasi_call *call, struct murre_wasi_entry *socket, short events) {
    return murre_wasi_must_await(call, socket) ? murre_wasi_await(call, socket, events) : WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_sock_accept(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *listener;
    uint32_t flags = args[1].u32, fd;
    void *result = murre_wasi_guest(call, args[2].u32, 1, 4, 4);
    if (result == NULL)
        return WASI_FAULT;
    murre_wasi_errno error = get_socket(call, args[0].u32, WASI_RIGHT_SOCK_ACCEPT, &listener);
    if (error != WASI_SUCCESS)
        return error;
    if (flags & ~(uint32_t)WASI_FDFLAG_NONBLOCK)
        return WASI_INVAL;
    int host;
    do {
        error = get_ready(call, listener, POLLIN);
        if (error != WASI_SUCCESS)
            return error;
        host = accept4(listener->host, NULL, NULL, SOCK_CLOEXEC | (flags & WASI_FDFLAG_NONBLOCK ? SOCK_NONBLOCK : 0));
    } while (host < 0 && murre_wasi_retry(call));
    if (host < 0)
        return murre_wasi_from_errno(errno);
    struct murre_wasi_entry *entry = murre_wasi_fdtable_add_host(&call->wasi->fds, host, &fd);
    if (entry == NULL)
        return murre_wasi_from_errno(errno);
    murre_wasi_fdtable_grant(&call->wasi->fds, entry, WASI_RIGHTS_SOCKET & ~WASI_RIGHT_SOCK_ACCEPT, 0);
    entry->able = WASI_RIGHTS_SOCKET; /* the system says what a socket does not do */
    murre_wasi_put32(result, fd);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_sock_recv(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *socket;
    uint32_t flags = args[3].u32;
    struct murre_wasi_iovecs iovecs;
    void *size = murre_wasi_guest(call, args[4].u32, 1, 4, 4);
    void *flags_out = murre_wasi_guest(call, args[5].u32, 1, 2, 2);
    if (size == NULL || flags_out == NULL || !murre_wasi_guest_iovecs(call, args[1].u32, args[2].u32, &iovecs))
        return WASI_FAULT;
    murre_wasi_errno error = get_socket(call, args[0].u32, WASI_RIGHT_FD_READ, &socket);
    if (error != WASI_SUCCESS)
        return error;
    if (flags & ~(uint32_t)(WASI_RIFLAG_PEEK | WASI_RIFLAG_WAITALL))
        return WASI_INVAL;
    struct msghdr message = {.msg_iov = iovecs.items, .msg_iovlen = (size_t)iovecs.count};
    int how = (flags & WASI_RIFLAG_PEEK ? MSG_PEEK : 0) | (flags & WASI_RIFLAG_WAITALL ? MSG_WAITALL : 0);
    ssize_t got;
    do {
        error = get_ready(call, socket, POLLIN);
        if (error != WASI_SUCCESS)
            return error;
        got = recvmsg(socket->host, &message, how | MSG_CMSG_CLOEXEC);
    } while (got < 0 && murre_wasi_retry(call));
    if (got < 0)
        return murre_wasi_from_errno(errno);
    murre_wasi_put32(size, (uint32_t)got);
    murre_wasi_put16(flags_out, message.msg_flags & MSG_TRUNC ? WASI_ROFLAG_TRUNCATED : 0);
    return WASI_SUCCESS;
}

static murre_wasi_errno send_all(struct murre_wasi_call *call, struct murre_wasi_entry *socket, struct murre_wasi_iovecs *iovecs,
                                 size_t *moved) {
    struct msghdr message = {.msg_iov = iovecs->items, .msg_iovlen = (size_t)iovecs->count};
    bool await = murre_wasi_must_await(call, socket);
    ssize_t sent;
    do {
        murre_wasi_errno error = await ? murre_wasi_await(call, socket, POLLOUT) : WASI_SUCCESS;
        if (error != WASI_SUCCESS)
            return error;
        sent = sendmsg(socket->host, &message, MSG_NOSIGNAL | (await ? MSG_DONTWAIT : 0));
    } while (sent < 0 && (murre_wasi_retry(call) || (await && murre_wasi_await_again(socket))));
    if (sent < 0)
        return murre_wasi_from_errno(errno);
    *moved = (size_t)sent;
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_sock_send(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *socket;
    struct murre_wasi_iovecs iovecs;
    void *size = murre_wasi_guest(call, args[4].u32, 1, 4, 4);
    if (size == NULL || !murre_wasi_guest_iovecs(call, args[1].u32, args[2].u32, &iovecs))
        return WASI_FAULT;
    murre_wasi_errno error = get_socket(call, args[0].u32, WASI_RIGHT_FD_WRITE, &socket);
    if (error != WASI_SUCCESS)
        return error;
    if (args[3].u32 != 0)
        return WASI_INVAL;
    uint64_t *left = murre_wasi_budget(call->wasi, socket); /* a standard stream can be one */
    const struct murre_wasi_budget_place place = {0};
    error = murre_wasi_budget_cut(left, &place, &iovecs);
    if (error != WASI_SUCCESS)
        return error;
    size_t sent = 0;
    error = send_all(call, socket, &iovecs, &sent);
    if (murre_wasi_budget_settle(left, iovecs.total, sent, error) != WASI_SUCCESS)
        return error;
    murre_wasi_put32(size, (uint32_t)sent);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_sock_shutdown(struct murre_wasi_call *call, const union murre_slot *args) {
    static const int hows[] = {[WASI_SDFLAG_RD] = SHUT_RD, [WASI_SDFLAG_WR] = SHUT_WR, [WASI_SDFLAG_RD | WASI_SDFLAG_WR] = SHUT_RDWR};
    struct murre_wasi_entry *socket;
    uint32_t how = args[1].u32;
    murre_wasi_errno error = get_socket(call, args[0].u32, WASI_RIGHT_SOCK_SHUTDOWN, &socket);
    if (error != WASI_SUCCESS)
        return error;
    if (how == 0 || how >= sizeof hows / sizeof *hows)
        return WASI_INVAL;
    return shutdown(socket->host, hows[how]) == 0 ? WASI_SUCCESS : murre_wasi_from_errno(errno);
}
