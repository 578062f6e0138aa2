/* See listen.h. */
#include "cli/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"

enum { HOST_MAX = 256, WAITING = 128 };

/* The two parts of HOST:PORT; brackets are taken off. */
static bool split(const char *text, char host[HOST_MAX], const char **port) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strtoul(colon + 1, NULL, 10) > UINT16_MAX)
        return false;
    size_t size = (size_t)(colon - text);
    if (text[0] == '[') {
        if (text[size - 1] != ']')
            return false;
        text++;
        size -= 2;
    } else if (memchr(text, ':', size) != NULL) {
        return false;
    }
    if (size == 0 || size >= HOST_MAX)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    *port = colon + 1;
    return true;
}

bool cli_listen_argument(const char *text) {
    char host[HOST_MAX];
    const char *port;
    return split(text, host, &port);
}

/* -1 with errno. */
static int listen_at(const struct addrinfo *at) {
    const int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
        listen(fd, WAITING) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void say_where(int fd) {
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    char host[HOST_MAX], port[16];
    if (getsockname(fd, (struct sockaddr *)&at, &size) == 0 &&
        getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        cli_error(at.ss_family == AF_INET6 ? "listening on [%s]:%s" : "listening on %s:%s", host, port);
}

int cli_listen(const char *text) {
    char host[HOST_MAX];
    const char *port = NULL;
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    int fd = -1, failure = split(text, host, &port) ? getaddrinfo(host, port, &wanted, &found) : EAI_NONAME;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
        fd = listen_at(at);
    if (failure != 0)
        cli_error("--listen=%s: %s", text, failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
    else if (fd < 0)
        cli_error("--listen=%s: %s", text, strerror(errno));
    else if (strtoul(port, NULL, 10) == 0)
        say_where(fd);
    if (found != NULL)
        freeaddrinfo(found);
    return fd;
}
