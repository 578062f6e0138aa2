/* Messages to the user: errors, traps with their backtraces. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include "cli/cli.h"

void cli_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("murre: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void cli_error_file(const char *file, const struct murre_error *error) {
    if (error->offset != MURRE_NO_OFFSET)
        cli_error("%s: offset 0x%llx: %s", file, (unsigned long long)error->offset, error->message);
    else
        cli_error("%s: %s", file, error->message);
}

void cli_print_name(FILE *stream, struct murre_name name) {
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool c1 = c == 0xc2 && i + 1 < name.size && (unsigned char)name.data[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f)
            fprintf(stream, "\\%02x", c);
        else if (c1)
            fprintf(stream, "\\%02x", (unsigned char)name.data[++i]);
        else
            fputc(c, stream);
    }
}

static void print_frame(uint32_t number, const struct murre_frame *frame) {
    if (frame->instance == NULL)
        fprintf(stderr, "  %3u: a host function", (unsigned)number);
    else if (frame->name.size != 0) {
        fprintf(stderr, "  %3u: ", (unsigned)number);
        cli_print_name(stderr, frame->name);
        fprintf(stderr, " (function %u)", (unsigned)frame->func_index);
    } else
        fprintf(stderr, "  %3u: function %u", (unsigned)number, (unsigned)frame->func_index);
    if (frame->offset != MURRE_NO_OFFSET)
        fprintf(stderr, " at 0x%llx", (unsigned long long)frame->offset);
    fputc('\n', stderr);
}

int cli_report_trap(const struct murre_trap *trap, const char *file, const char *timeout) {
    enum murre_trapkind kind = murre_trap_kind(trap);
    if (kind == MURRE_TRAP_EXIT) {
        int code = murre_trap_exit_code(trap);
        return code == 0 || (code & 0xff) != 0 ? code & 0xff : CLI_FAILED; /* 256 must not turn into success */
    }
    fflush(stdout);
    if (kind == MURRE_TRAP_INTERRUPT && timeout != NULL)
        cli_error("%s: still running after %s", file, timeout);
    else
        cli_error("%s: trap: %s", file, murre_trap_message(trap));
    uint32_t count = murre_trap_frame_count(trap), depth = murre_trap_depth(trap);
    for (uint32_t i = 0; i < count; i++) {
        struct murre_frame frame;
        if (murre_trap_frame(trap, i, &frame))
            print_frame(i, &frame);
    }
    if (depth > count)
        fprintf(stderr, "  and %u more\n", (unsigned)(depth - count));
    return kind == MURRE_TRAP_INTERRUPT ? CLI_TIMEOUT : CLI_TRAP;
}

int cli_finish(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    cli_error("standard output: %s", strerror(errno));
    return status == CLI_OK ? CLI_FAILED : status;
}
