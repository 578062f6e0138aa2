/* Runs one program and measures it: launch SECONDS STDIN STDOUT STDERR RESULT PROGRAM ARGS…
 *
 * It exists because a child's peak memory starts at its parent's, which must therefore be small, and because a start of
 * a millisecond is lost in a scripting language's own. RESULT receives one line: wall nanoseconds, CPU microseconds,
 * peak resident KiB, the wait status, and whether the time was up. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static volatile sig_atomic_t late;

static void on_alarm(int signal) {
    (void)signal;
    late = 1;
    kill(child, SIGKILL);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void redirect(int fd, const char *path, int flags) {
    int opened = open(path, flags | O_CLOEXEC, 0600);
    if (opened < 0 || dup2(opened, fd) < 0)
        _exit(126);
}

static uint64_t microseconds(struct timeval t) {
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

int main(int argc, char **argv) {
    if (argc < 7)
        return 2;
    FILE *result = fopen(argv[5], "we");
    if (!result)
        return 2;
    signal(SIGALRM, on_alarm);
    uint64_t start = now_ns();
    child = vfork();
    if (child == 0) {
        redirect(0, argv[2], O_RDONLY);
        redirect(1, argv[3], O_WRONLY | O_CREAT | O_TRUNC);
        redirect(2, argv[4], O_WRONLY | O_CREAT | O_TRUNC);
        execvp(argv[6], argv + 6);
        _exit(127);
    }
    if (child < 0)
        return 2;
    alarm((unsigned)atoi(argv[1]));
    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
    }
    uint64_t wall = now_ns() - start;
    fprintf(result, "%llu %llu %ld %d %d\n", (unsigned long long)wall,
            (unsigned long long)(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)), usage.ru_maxrss, status, (int)late);
    return fclose(result) == 0 ? 0 : 2;
}
