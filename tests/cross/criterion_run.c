/* Runs Criterion tests without Criterion's library, for cross builds: the library starts its workers in a way that user-mode
 * emulation does not support. The tests are compiled against Criterion's own headers, which gather them in sections of the
 * executable; this file walks the sections, runs each test in a forked child, and prints Criterion's summary line.
 *
 * An argument selects the tests whose SUITE/NAME contains it, or, as =SUITE/NAME, that one alone. Not supported: theories,
 * report hooks, redirection. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern struct criterion_test *__start_cr_tst[] __attribute__((weak)), *__stop_cr_tst[] __attribute__((weak));
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak)), *__stop_cr_sts[] __attribute__((weak));

struct criterion_options criterion_options;

/* What a child tells its parent, in a page that both share. */
static struct { bool failed, skipped, completed; } * outcome;

static const struct criterion_test *current;
static void *current_param;

static const struct criterion_test_extra_data *suite_data(const char *suite) {
    for (struct criterion_suite **s = __start_cr_sts; s != __stop_cr_sts; s++)
        if (*s && strcmp((*s)->name, suite) == 0)
            return (*s)->data;
    return NULL;
}

/* ---- what the headers' macros call ---- */

void criterion_internal_test_setup(void) {
    const struct criterion_test_extra_data *suite = suite_data(current->category);
    if (suite && suite->init)
        suite->init();
    if (current->data->init)
        current->data->init();
}

void criterion_internal_test_main(void (*body)(void)) {
    if (current->data->kind_ == CR_TEST_PARAMETERIZED)
        ((void (*)(void *))body)(current_param);
    else
        body();
}

void criterion_internal_test_teardown(void) {
    const struct criterion_test_extra_data *suite = suite_data(current->category);
    if (current->data->fini)
        current->data->fini();
    if (suite && suite->fini)
        suite->fini();
}

static _Noreturn void end_child(void) {
    outcome->completed = true;
    fflush(NULL);
    _exit(0);
}

void criterion_abort_test(void) {
    outcome->failed = true;
    end_child();
}

void criterion_continue_test(void) {
    outcome->failed = true;
}

static void say(const char *format, va_list arguments) {
    fputs("[----]   ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void criterion_skip_test(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    outcome->skipped = true;
    end_child();
}

void criterion_test_die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    criterion_abort_test();
}

void criterion_send_assert(struct criterion_assert_stats *stats) {
    fprintf(stderr, "[----] %s:%u: assertion failed: %s\n", stats->file, stats->line, stats->message);
}

void cri_asserts_passed_incr(void) {
}

void cr_log(enum criterion_severity severity, const char *format, ...) {
    (void)severity;
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

/* The messages take one string, the condition's text, and the assertion's kind says little more. */
char *cr_translate_assert_msg(int index, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, index);
    const char *condition = va_arg(arguments, const char *);
    va_end(arguments);
    if (asprintf(&text, "%s", condition) < 0)
        abort();
    return text;
}

int cr_asprintf(char **text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

void cr_asprintf_free(char *text) {
    free(text);
}

/* ---- running ---- */

static struct { int tested, passed, failed, crashed; } sum;

static bool ended_as_expected(const struct criterion_test_extra_data *data, int status) {
    const struct criterion_test_extra_data *suite = suite_data(current->category);
    int signal = data->signal ? data->signal : suite ? suite->signal : 0;
    int exit_code = data->exit_code ? data->exit_code : suite ? suite->exit_code : 0;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == signal;
    return signal == 0 && WEXITSTATUS(status) == exit_code && (outcome->completed || exit_code != 0);
}

static void run_one(const struct criterion_test *test, void *param) {
    current = test;
    current_param = param;
    memset(outcome, 0, sizeof *outcome);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(2);
    }
    if (child == 0) {
        if (test->data->timeout > 0)
            alarm(10 * (unsigned)(test->data->timeout + 1)); /* emulation is slow */
        test->test();
        end_child();
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (outcome->skipped)
        return;
    sum.tested++;
    bool expected = ended_as_expected(test->data, status);
    if (expected && !outcome->failed) {
        sum.passed++;
        return;
    }
    sum.failed++;
    sum.crashed += !expected;
    fprintf(stderr, "[FAIL] %s::%s (%s %d)\n", test->category, test->name, WIFSIGNALED(status) ? "signal" : "exit status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void run_test(const struct criterion_test *test) {
    const struct criterion_test_extra_data *suite = suite_data(test->category);
    if (test->data->disabled || (suite && suite->disabled))
        return;
    if (test->data->kind_ != CR_TEST_PARAMETERIZED) {
        run_one(test, NULL);
        return;
    }
    struct criterion_test_params params = test->data->param_();
    for (size_t i = 0; i < params.length; i++)
        run_one(test, (char *)params.params + i * params.size);
    if (params.cleanup)
        params.cleanup(&params);
}

static int selected(const char *name, const char *argument) {
    return *argument == '=' ? strcmp(name, argument + 1) == 0 : strstr(name, argument) != NULL;
}

int main(int argc, char **argv) {
    outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    for (struct criterion_test **test = __start_cr_tst; test != __stop_cr_tst; test++) {
        char name[512];
        if (!*test)
            continue;
        snprintf(name, sizeof name, "%s/%s", (*test)->category, (*test)->name);
        if (argc < 2 || selected(name, argv[1]))
            run_test(*test);
    }
    fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: %d\n", sum.tested, sum.passed, sum.failed,
            sum.crashed);
    return sum.passed == sum.tested && sum.tested > 0 ? 0 : 1;
}
