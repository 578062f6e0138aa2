/* Messages to the user: errors, names, traps with their backtraces. stderr is buffered, so that a long message takes few system calls; each
 * function here that ends a message flushes the buffer, since the guest writes to the descriptor directly. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

enum {
    LONGEST_NAME = 256,  /* bytes, in messages */
    LONGEST_PERIOD = 16, /* frames that are looked at as one unit of a recursion */
    REPEATS = 3,         /* so often a unit is shown */
};

void cli_buffer_messages(void) {
    static char buffer[1 << 16];
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
}

void cli_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("murre: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(stderr);
}

void cli_error_file(const char *file, const struct murre_error *error) {
    if (error->offset != MURRE_NO_OFFSET)
        cli_error("%s: offset 0x%llx: %s", file, (unsigned long long)error->offset, error->message);
    else
        cli_error("%s: %s", file, error->message);
}

void cli_print_name(FILE *stream, struct murre_name name) {
    size_t shown = 0; /* up to here */
    for (size_t i = 0; i < name.size;) {
        uint32_t code;
        size_t length = murre_text_hidden(name.data + i, name.size - i, &code);
        if (length == 0) {
            i++;
            continue;
        }
        fwrite(name.data + shown, 1, i - shown, stream);
        fprintf(stream, code < 0xa0 ? "\\%02x" : "\\u{%04x}", (unsigned)code);
        shown = i += length;
    }
    if (name.size > shown)
        fwrite(name.data + shown, 1, name.size - shown, stream);
}

void cli_print_short_name(FILE *stream, struct murre_name name) {
    size_t size = murre_text_cut(name.data, name.size, LONGEST_NAME);
    cli_print_name(stream, (struct murre_name){name.data, size});
    if (size < name.size)
        fputs("…", stream);
}

/* ---- backtraces ----------------------------------------------------------------------------------------------------------- */

/* 732494 → "732,494". */
static void print_count(FILE *stream, uint64_t count) {
    char text[32];
    int size = snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            fputc(',', stream);
        fputc(text[i], stream);
    }
}

static void print_frame(uint32_t number, const struct murre_frame *frame) {
    if (frame->name.size != 0) {
        fprintf(stderr, "  %3u: ", (unsigned)number);
        cli_print_short_name(stderr, frame->name);
        fprintf(stderr, " (function %u)", (unsigned)frame->func_index);
    } else
        fprintf(stderr, "  %3u: function %u", (unsigned)number, (unsigned)frame->func_index);
    if (frame->offset != MURRE_NO_OFFSET)
        fprintf(stderr, " at 0x%llx", (unsigned long long)frame->offset);
    fputc('\n', stderr);
}

static bool same_frame(const struct murre_frame *a, const struct murre_frame *b) {
    return a->instance == b->instance && a->func_index == b->func_index && a->offset == b->offset;
}

/* How many of the first frames are one unit of at most LONGEST_PERIOD frames again and again; *period: its size. 0 where that is not more
 * than REPEATS units. */
static uint32_t recursion(const struct murre_frame *frames, uint32_t count, uint32_t *period) {
    for (*period = 1; *period <= LONGEST_PERIOD && *period * REPEATS < count; ++*period) {
        uint32_t size = *period;
        while (size < count && same_frame(&frames[size], &frames[size - *period]))
            size++;
        if (size > *period * REPEATS)
            return size;
    }
    return 0;
}

static void print_more(uint64_t more, const char *of_what) {
    fputs("  … ", stderr);
    print_count(stderr, more);
    fprintf(stderr, " more%s\n", of_what);
}

static void print_backtrace(const struct murre_trap *trap) {
    enum { KEPT = 64 }; /* as murre_trap_frame_count promises */
    struct murre_frame frames[KEPT];
    uint32_t count = 0, depth = murre_trap_depth(trap), shown = 0;
    while (count < KEPT && murre_trap_frame(trap, count, &frames[count]))
        count++;
    while (shown < count) {
        uint32_t period, size = recursion(frames + shown, count - shown, &period);
        if (size == 0) {
            print_frame(shown, &frames[shown]);
            shown++;
            continue;
        }
        for (uint32_t i = 0; i < period * REPEATS; i++)
            print_frame(shown + i, &frames[shown + i]);
        shown += size;
        if (shown == count && depth > count)
            size += depth - count;
        print_more(size - period * REPEATS, shown < count ? " of the same" : "");
        if (shown == count)
            return;
    }
    if (depth > count)
        print_more(depth - count, "");
}

/* A function that needs what is missing has been called: not the program's fault. Names what its whole module lacks. */
static void report_missing(const struct murre_trap *trap, const char *file) {
    struct murre_frame frame;
    struct murre_module *module = NULL;
    const char *feature;
    if (murre_trap_frame(trap, 0, &frame))
        module = murre_instance_module(frame.instance);
    if (module == NULL || murre_module_missing(module, 0) == NULL) {
        cli_error("%s: %s", file, murre_trap_message(trap));
        return;
    }
    fprintf(stderr, "murre: %s: a function was called that cannot run here; the module needs feature%s: ", file,
            murre_module_missing(module, 1) != NULL ? "s" : "");
    for (uint32_t i = 0; (feature = murre_module_missing(module, i)) != NULL; i++)
        fprintf(stderr, "%s%s", i == 0 ? "" : ", ", feature);
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
    else if (kind == MURRE_TRAP_UNSUPPORTED)
        report_missing(trap, file);
    else
        cli_error("%s: trap: %s", file, murre_trap_message(trap));
    print_backtrace(trap);
    fflush(stderr);
    return kind == MURRE_TRAP_INTERRUPT ? CLI_TIMEOUT : kind == MURRE_TRAP_UNSUPPORTED ? CLI_FAILED : CLI_TRAP;
}

int cli_finish(int status) {
    fflush(stderr);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    cli_error("standard output: %s", strerror(errno));
    return status == CLI_OK ? CLI_FAILED : status;
}
