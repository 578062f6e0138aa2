/* murre: the program. Finds the command; if the first argument is not one, it is the module for "run". */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/options.h"

static const struct cli_command *const commands[] = {&cli_run, &cli_validate, &cli_inspect, &cli_print};
#define COMMANDS (sizeof commands / sizeof *commands)

/* A file that this process opens must not become its stdin, stdout or stderr. Reading or writing what takes their place fails, as it would
 * have without. */
static bool fill_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* Whether this thread's stack has room for what murre does outside of guests, whose calls are counted. Says so when it has not, with as little
 * stack as possible: running off it would be a signal. Arguments and environment, above which lies the name of the program, take from it as well. */
static bool enough_stack(void) {
    enum { NEEDED = 64 << 10 };
    struct rlimit limit;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), top = getauxval(AT_EXECFN);
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || top < here ||
        (limit.rlim_cur >= top - here && limit.rlim_cur - (top - here) >= NEEDED))
        return true;
    static const char message[] = "murre: the stack is too small (ulimit -s): 64 KiB are needed beside arguments and environment\n";
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        return false;
    return false;
}

static int help(void) {
    printf("Usage: murre [run] [OPTIONS] FILE [ARGUMENTS…]\n"
           "       murre COMMAND [OPTIONS] …\n"
           "Runs WebAssembly programs.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
    printf("\nOptions:\n"
           "  --help    print this and exit; 'murre COMMAND --help' tells a command's options\n"
           "  --version print the version and exit\n\n"
           "FILE may be '-' for standard input, and compressed with gzip or zlib.\n");
    return cli_finish(CLI_OK);
}

static int version(void) {
    struct utsname system;
    printf("murre %s (%s, %s)\n", MURRE_VERSION, murre_has_compiler() ? "interpreter and compiler" : "interpreter",
           uname(&system) == 0 ? system.machine : "unknown machine");
    return cli_finish(CLI_OK);
}

int main(int argc, char **argv) {
    /* murre starts no programs. Should code that got out of its sandbox do so, set-user-ID programs give it nothing. */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!fill_standard_streams() || !enough_stack())
        return CLI_FAILED;
    cli_buffer_messages();
    signal(SIGXFSZ, SIG_IGN); /* the guest gets the error FBIG, and what murre writes itself is looked at in the end */
    cli_watch_files();
    if (argc < 2)
        return cli_usage(NULL, "no file to run");
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0)
        return help();
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
        return version();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(first, commands[i]->name) == 0)
            return commands[i]->main(argc - 1, argv + 1);
    return cli_run.main(argc, argv);
}
