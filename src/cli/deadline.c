/* --timeout before the guest runs. While it runs, its store has the deadline. Before that, the file is read and inflated and the module loaded and
 * linked. A module can make all of this take long, and none of it is worth saving at the end: a signal ends the process. */
#include "cli/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/look.h"

static const uint64_t second = 1000000000;
/* Nanoseconds for the store to end a start function by itself, with a backtrace. */
static const uint64_t grace = 30000000;

static struct {
    timer_t timer;
    volatile sig_atomic_t armed;
    struct sigaction before;
    uint64_t moment; /* CLOCK_MONOTONIC, nanoseconds */
    char message[1024];
} deadline;

/* Others may send the signal as well: what comes from them does what it does without --timeout. And the timer's may come when it is not wanted any
 * more. */
static void on_alarm(int number, siginfo_t *info, void *context) {
    (void)context;
    if (!deadline.armed || murre_look_now() < deadline.moment) {
        if (info->si_code != SI_TIMER && deadline.before.sa_handler != SIG_IGN && sigaction(number, &deadline.before, NULL) == 0)
            raise(number); /* comes behind the return */
        return;
    }
    if (write(STDERR_FILENO, deadline.message, strlen(deadline.message)) < 0)
        _exit(CLI_TIMEOUT);
    _exit(CLI_TIMEOUT);
}

static bool arm(uint64_t moment) {
    struct itimerspec when = {.it_value = {(time_t)(moment / second), (long)(moment % second)}};
    return timer_settime(deadline.timer, TIMER_ABSTIME, &when, NULL) == 0;
}

bool cli_deadline_start(const struct run_options *options) {
    if (options->timeout == 0 || __builtin_add_overflow(murre_look_now(), options->timeout, &deadline.moment) ||
        deadline.moment / second > INT32_MAX) /* never */
        return true;
    snprintf(deadline.message, sizeof deadline.message - 1, "murre: %.700s: still running after %.100s: it was being loaded", options->file,
             options->timeout_text);
    strcat(deadline.message, "\n");
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    deadline.armed = timer_create(CLOCK_MONOTONIC, &event, &deadline.timer) == 0 && sigaction(SIGALRM, &action, &deadline.before) == 0 &&
                     sigprocmask(SIG_UNBLOCK, &alarm, NULL) == 0 && arm(deadline.moment);
    if (!deadline.armed)
        cli_error("no timer for --timeout");
    return deadline.armed;
}

uint64_t cli_deadline_left(void) {
    if (!deadline.armed)
        return 0;
    uint64_t moment = murre_look_now();
    arm(deadline.moment + grace);
    return moment < deadline.moment ? deadline.moment - moment : 1;
}

void cli_deadline_stop(void) {
    if (deadline.armed)
        timer_delete(deadline.timer);
    deadline.armed = false;
}
