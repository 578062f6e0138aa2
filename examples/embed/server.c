/* A small HTTP server on epoll, on the loopback interface only, that instantiates its guest for every request: server [PORT [REQUESTS]]. It
 * prints the port (any free one for 0) and ends after that many requests. One thread; a guest has 100 milliseconds for its answer. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <murre.h>

#include "guests.h"

enum { MOST = 2048, EVENTS = 64 };

static const uint64_t time_limit = 100 * 1000000ull; /* nanoseconds */
static struct murre_engine *engine;
static struct murre_module *module;
static unsigned long answered;

struct connection {
    int socket;
    size_t received, size, sent; /* of the request; of the answer */
    char request[MOST], answer[2 * MOST];
};

static void answer_with(struct connection *c, const char *status, const char *body, size_t size) {
    if (size > MOST)
        size = MOST;
    int head = snprintf(c->answer, MOST, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                        status, size);
    memcpy(c->answer + head, body, size);
    c->size = (size_t)head + size;
    answered++;
}

static void answer_text(struct connection *c, const char *status, const char *text) {
    answer_with(c, status, text, strlen(text));
}

/* Runs the guest on the path and makes the answer from what it gives back. */
static void call_guest(struct connection *c, struct murre_store *store, struct murre_instance *instance, const char *path, size_t size) {
    struct murre_extern handle, memory;
    if (!murre_instance_export(instance, "handle", 6, &handle) || !murre_instance_export(instance, "memory", 6, &memory))
        return answer_text(c, "500 Internal Server Error", "exports are missing\n");
    memcpy(murre_memory_data(memory.of.memory), path, size);
    union murre_slot slots[2];
    slots[0].u32 = (uint32_t)size;
    struct murre_trap *trap = murre_func_call(store, handle.of.func, slots);
    if (trap) {
        char text[128];
        snprintf(text, sizeof text, "%s\n", murre_trap_message(trap));
        answer_text(c, murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT ? "504 Gateway Timeout" : "500 Internal Server Error", text);
        murre_trap_delete(trap);
        return;
    }
    uint64_t address = slots[0].u32, length = slots[1].u32;
    if (address + length > murre_memory_size(memory.of.memory))
        return answer_text(c, "500 Internal Server Error", "the answer is not in memory\n");
    answer_with(c, "200 OK", (const char *)murre_memory_data(memory.of.memory) + address, length);
}

static void handle(struct connection *c, const char *path, size_t size) {
    struct murre_error error;
    struct murre_store *store = murre_store_new(engine, &error);
    struct murre_instance *instance = NULL;
    if (store && murre_store_set_timeout(store, time_limit, &error) == MURRE_OK)
        instance = murre_instance_new(store, module, NULL, 0, NULL, &error);
    if (instance)
        call_guest(c, store, instance, path, size);
    else
        answer_text(c, "500 Internal Server Error", "no instance\n");
    murre_store_delete(store);
}

/* True when the request is complete, and then there is an answer. */
static bool take_request(struct connection *c) {
    c->request[c->received] = 0;
    if (!strstr(c->request, "\r\n\r\n")) {
        if (c->received + 1 < MOST)
            return false;
        answer_text(c, "431 Request Header Fields Too Large", "too long\n");
        return true;
    }
    char *path = c->request + 4, *end = strpbrk(path, " \r");
    if (strncmp(c->request, "GET ", 4) != 0)
        answer_text(c, "405 Method Not Allowed", "only GET\n");
    else
        handle(c, path, (size_t)(end - path));
    return true;
}

/* False when the connection is done. */
static bool go_on(struct connection *c) {
    while (!c->size) {
        ssize_t got = read(c->socket, c->request + c->received, MOST - 1 - c->received);
        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        if (got == 0)
            return false;
        c->received += (size_t)got;
        if (take_request(c))
            break;
    }
    while (c->sent < c->size) {
        ssize_t put = send(c->socket, c->answer + c->sent, c->size - c->sent, MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR;
        c->sent += (size_t)put;
    }
    shutdown(c->socket, SHUT_WR);
    return false;
}

static void accept_all(int listener, int poll) {
    int socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        if (c)
            c->socket = socket;
        if (!c || epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event) != 0) {
            close(socket);
            free(c);
        }
    }
}

static int listen_on(unsigned port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("listen");
        exit(EXIT_FAILURE);
    }
    printf("http://127.0.0.1:%u/\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv) {
    unsigned port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 8080;
    unsigned long requests = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct murre_error error;
    engine = murre_engine_new(NULL, &error);
    module = engine ? murre_module_new(engine, server_guest, sizeof server_guest, &error) : NULL;
    if (!module) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    int listener = listen_on(port), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (!requests || answered < requests) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) {
                accept_all(listener, poll);
            } else if (!go_on(c)) {
                close(c->socket);
                free(c);
            }
        }
    }
    close(poll);
    close(listener);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return 0;
}
