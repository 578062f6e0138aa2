/* See log.h. */
#include "diff/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "murre.h"

static const char *const names[] = {
    [FUZZ_SEEN_INSTANCE] = "instantiation",
    [FUZZ_SEEN_CALL] = "call of function",
    [FUZZ_SEEN_RESULT] = "result",
    [FUZZ_SEEN_HOST] = "call of import",
    [FUZZ_SEEN_HOST_CALL] = "call by the host of function",
    [FUZZ_SEEN_GLOBAL] = "global",
    [FUZZ_SEEN_TABLE] = "table",
    [FUZZ_SEEN_MEMORY_SIZE] = "size of memory",
    [FUZZ_SEEN_MEMORY] = "contents of memory",
    [FUZZ_SEEN_DEPTH] = "depth of a backtrace",
    [FUZZ_SEEN_FRAME] = "offset in a frame of function",
};

static void print(const char *who, const struct fuzz_sight *sight) {
    fprintf(stderr, "  %s: %s %" PRIu32 "%s gives %#" PRIx64 "\n", who, names[sight->what], sight->index % FUZZ_OF_TWIN,
            sight->index & FUZZ_OF_TWIN ? " of the twin" : "", sight->value);
}

static _Noreturn void report(const struct fuzz_log *log, const struct fuzz_sight *got) {
    fprintf(stderr, "%s differs from the interpreter\n", log->side);
    for (size_t i = log->next > 6 ? log->next - 6 : 0; i < log->next; i++)
        print("before", &log->items[i]);
    if (log->next < log->count)
        print("interpreter", &log->items[log->next]);
    if (got)
        print(log->side, got);
    else
        fprintf(stderr, "  %s: ended\n", log->side);
    abort();
}

static bool agree(const struct fuzz_sight *a, const struct fuzz_sight *b) {
    bool unknown = a->what == FUZZ_SEEN_FRAME && (a->value == MURRE_NO_OFFSET || b->value == MURRE_NO_OFFSET);
    return a->what == b->what && a->index == b->index && (a->value == b->value || unknown);
}

bool fuzz_log_see(struct fuzz_log *log, enum fuzz_seen what, uint32_t index, uint64_t value) {
    struct fuzz_sight sight = {what, index, value};
    if (log->over)
        return false;
    if (log->checking) {
        if (log->next == log->count && log->cut) {
            log->over = true;
            return false;
        }
        const struct fuzz_sight *want = &log->items[log->next];
        if (log->next == log->count || !agree(want, &sight))
            report(log, &sight);
        log->next++;
        return true;
    }
    if (log->count == log->capacity) {
        log->capacity = log->capacity * 2 + 64;
        log->items = realloc(log->items, log->capacity * sizeof *log->items);
        if (!log->items)
            abort();
    }
    log->items[log->count++] = sight;
    return true;
}

void fuzz_log_begin(struct fuzz_log *log, const char *side, bool checking) {
    log->side = side;
    log->checking = checking;
    log->over = false;
    log->next = 0;
    if (!checking) {
        log->count = 0;
        log->cut = false;
    }
}

void fuzz_log_limit(struct fuzz_log *log) {
    log->over = true;
    log->cut |= !log->checking;
}

void fuzz_log_end(struct fuzz_log *log) {
    if (log->checking && !log->over && log->next != log->count)
        report(log, NULL);
}
