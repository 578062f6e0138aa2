/* Code memory by itself: what is found at which address, what is released. */
#include "support.h"

#include "arch/arch.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* fills a block with one byte, commits it */
static const uint8_t *place(struct murre_codemem *mem, size_t size, int byte, void *owner, bool frameless) {
    struct murre_codewrite block;
    if (!murre_codemem_begin(mem, size, &block))
        return NULL;
    cr_assert(block.size >= size && (uintptr_t)block.code % MURRE_CODE_ALIGN == 0);
    memset(block.write, byte, size);
    cr_assert(murre_codemem_find(mem, (uintptr_t)block.code) == NULL, "a block is found before it is committed");
    cr_assert(murre_codemem_commit(mem, &block, owner, frameless));
    return block.code;
}

static size_t blocks_in(struct murre_codemem *mem) {
    struct murre_codemem_stats stats;
    murre_codemem_stats(mem, &stats);
    return stats.blocks;
}

static void check_blocks(struct murre_codemem *mem) {
    enum { BLOCKS = 300 };
    const uint8_t *code[BLOCKS];
    size_t size[BLOCKS];
    char owners[BLOCKS];
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < BLOCKS; i++) {
            if (turn != 0 && i % 3 != turn)
                continue; /* these are still there */
            size[i] = 1 + test_random() % 700;
            code[i] = place(mem, size[i], i, &owners[i], i % 2 == 0);
            cr_assert(code[i] != NULL);
        }
        cr_assert(blocks_in(mem) == BLOCKS);
        for (int i = 0; i < BLOCKS; i++) {
            const size_t at[] = {0, size[i] / 2, size[i] - 1};
            for (int k = 0; k < 3; k++) {
                const struct murre_codeblock *block = murre_codemem_find(mem, (uintptr_t)code[i] + at[k]);
                cr_assert(block != NULL && murre_codeblock_code(block) == code[i], "block %d, byte %zu", i, at[k]);
                cr_assert(block->owner == &owners[i] && block->frameless == (uint32_t)(i % 2 == 0) && block->code_size >= size[i]);
                cr_assert(code[i][at[k]] == (uint8_t)i);
            }
            cr_assert(murre_codemem_contains(mem, (uintptr_t)code[i]));
            cr_assert(murre_codemem_find(mem, (uintptr_t)code[i] - 1) == NULL, "the header is not code");
        }
        for (int i = 0; turn < 2 && i < BLOCKS; i++)
            if (i % 3 == turn + 1) {
                murre_codemem_free(mem, code[i]);
                cr_assert(murre_codemem_find(mem, (uintptr_t)code[i]) == NULL, "a freed block is found");
            }
    }
    cr_assert(!murre_codemem_contains(mem, (uintptr_t)owners) && murre_codemem_find(mem, (uintptr_t)owners) == NULL);
    cr_assert(murre_codemem_find(mem, 0) == NULL && murre_codemem_find(mem, UINTPTR_MAX) == NULL);
    for (int i = 0; i < BLOCKS; i++)
        murre_codemem_free(mem, code[i]);
    struct murre_codemem_stats stats;
    murre_codemem_stats(mem, &stats);
    cr_assert(stats.blocks == 0 && stats.used == 0);
}

Test(codemem, finds_what_is_there) {
    struct murre_codemem *mem = murre_codemem_new(0);
    cr_assert(mem != NULL);
    check_blocks(mem);
    murre_codemem_delete(mem);
}

Test(codemem, finds_what_is_there_without_a_second_mapping) {
    struct murre_codemem *mem = murre_codemem_new_pages(0);
    cr_assert(mem != NULL);
    check_blocks(mem);
    murre_codemem_delete(mem);
}

Test(codemem, fills_up_and_takes_again) {
    struct murre_codemem *mem = murre_codemem_new(1 << 20);
    cr_assert(mem != NULL);
    const uint8_t *code[512];
    int n = 0;
    for (int turn = 0; turn < 3; turn++) {
        int placed = 0;
        while (placed < 512 && (code[placed] = place(mem, 30000, 0x90, NULL, false)) != NULL)
            placed++;
        cr_assert(placed > 20 && placed < 512 && (turn == 0 || placed == n), "%d blocks, then %d", n, placed);
        n = placed;
        for (int i = 0; i < n; i++) /* every other one first, so that neighbours must be joined */
            murre_codemem_free(mem, code[i * 2 < n ? i * 2 : (i - (n + 1) / 2) * 2 + 1]);
    }
    struct murre_codewrite block;
    cr_assert(!murre_codemem_begin(mem, SIZE_MAX, &block) && !murre_codemem_begin(mem, SIZE_MAX / 2, &block));
    cr_assert(murre_codemem_begin(mem, 100, &block));
    murre_codemem_abandon(mem, &block);
    cr_assert(blocks_in(mem) == 0);
    murre_codemem_delete(mem);
}

static MIR_item_t emit_seven(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "");
    test_return(&b, test_int(&b, 7));
    return test_end(&b);
}

Test(codemem, runs_without_a_second_mapping) {
    struct murre_codemem *mem = murre_codemem_new_pages(0);
    struct murre_mirctx *ctx = murre_mirctx_new(mem, 0);
    cr_assert(ctx != NULL);
    for (unsigned level = 0; level < LEVELS; level++) {
        struct murre_mirctx_result result;
        cr_assert(murre_mirctx_compile(ctx, level, emit_seven, NULL, NULL, &result) == MURRE_MIRCTX_OK);
        cr_assert(((int64_t(*)(void))result.code)() == 7);
    }
    murre_mirctx_delete(ctx);
    murre_codemem_delete(mem);
}

enum { LARGE = 40000 }; /* bytes; whole pages */

static bool filled_with(const uint8_t *code, int byte) {
    for (size_t i = 0; i < LARGE; i++)
        if (code[i] != (uint8_t)byte)
            return false;
    return true;
}

static void expect_good_child(pid_t child) {
    int status = 0;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

/* ---- Who may write ---------------------------------------------------------------------------------------------------- */

/* Mappings of this process that overlap a range, or have code memory's name, and may be written. */
static unsigned writable_mappings(uintptr_t code, size_t size) {
    FILE *file = fopen("/proc/self/maps", "r");
    cr_assert(file != NULL);
    char line[4352], may[5];
    unsigned found = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t start, end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, may) == 3 && may[1] == 'w')
            found += strstr(line, "murre-code") != NULL || (start < code + size && code < end);
    }
    fclose(file);
    return found;
}

static void check_writable(struct murre_codemem *mem) {
    cr_assert(mem != NULL);
    struct murre_codewrite block;
    cr_assert(murre_codemem_begin(mem, 100000, &block));
    const uintptr_t code = (uintptr_t)block.code;
    cr_assert(writable_mappings(code, 100000) == 0, "while a block is prepared");
    memset(block.write, 0x90, block.size);
    cr_assert(murre_codemem_commit(mem, &block, NULL, false));
    cr_assert(writable_mappings(code, 100000) == 0, "when it is committed");
    const uint8_t *other = place(mem, 5000, 1, NULL, false);
    cr_assert(writable_mappings(code, 200000) == 0);
    murre_codemem_free(mem, block.code);
    cr_assert(writable_mappings(code, 200000) == 0, "when it is freed, which gives pages back");
    cr_assert(murre_codemem_begin(mem, 70000, &block) && block.code == (const uint8_t *)code);
    murre_codemem_abandon(mem, &block);
    cr_assert(writable_mappings(code, 200000) == 0, "when one is abandoned");
    cr_assert(other[0] == 1 && other[4999] == 1);
    murre_codemem_delete(mem);
}

Test(codemem, nothing_is_writable_but_while_it_is_written) {
    check_writable(murre_codemem_new(0));
}

Test(codemem, nothing_is_writable_but_while_it_is_written_without_a_second_mapping) {
    check_writable(murre_codemem_new_pages(0));
}

static unsigned mappings_of_code(void) {
    FILE *file = fopen("/proc/self/maps", "r");
    char line[4352];
    unsigned found = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        found += strstr(line, "murre-code") != NULL;
    fclose(file);
    return found;
}

Test(codemem, a_child_has_no_second_mapping) {
#ifdef TEST_EMULATED
    puts("skipped: mappings that a child does not get, under emulation: 1");
    cr_skip();
#endif
    struct murre_codemem *mem = murre_codemem_new(0);
    const uint8_t *code = place(mem, LARGE, 1, NULL, false);
    cr_assert(mappings_of_code() == 2);
    pid_t child = fork();
    if (child == 0) {
        bool good = mappings_of_code() == 1 && filled_with(code, 1);
        murre_codemem_delete(mem);
        _exit(good && mappings_of_code() == 0 ? 0 : 1);
    }
    expect_good_child(child);
    murre_codemem_delete(mem);
}

#ifdef __aarch64__

/* How a child ends that calls an instruction, with "ret" behind it. */
static int status_of_calling(struct murre_codemem *mem, uint32_t instruction) {
    const uint32_t code[] = {instruction, 0xd65f03c0};
    struct murre_codewrite block;
    cr_assert(murre_codemem_begin(mem, sizeof code, &block));
    memcpy(block.write, code, sizeof code);
    cr_assert(murre_codemem_commit(mem, &block, NULL, false));
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        void (*volatile function)(void) = (void (*)(void))block.code;
        function();
        _exit(7);
    }
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    murre_codemem_free(mem, block.code);
    return status;
}

/* A jump table and every level: all that it leads to has to be marked. */
static MIR_item_t emit_table(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    enum { CASES = 5 };
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_op_t ops[CASES + 1] = {R(b.arg[0])};
    MIR_insn_t labels[CASES];
    for (int i = 0; i < CASES; i++)
        ops[i + 1] = MIR_new_label_op(mir, labels[i] = MIR_new_label(mir));
    test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, CASES + 1, ops));
    for (int i = 0; i < CASES; i++) {
        test_insn(&b, labels[i]);
        test_return(&b, test_int(&b, 100 + i));
    }
    return test_end(&b);
}

static void check_marks(struct murre_codemem *mem) {
    enum { NOP = 0xd503201f, BTI_C = 0xd503245f, BTI_J = 0xd503249f };
    const int marked = status_of_calling(mem, BTI_C), plain = status_of_calling(mem, NOP), jump = status_of_calling(mem, BTI_J);
    cr_assert(WIFEXITED(marked) && WEXITSTATUS(marked) == 7);
    cr_assert(WIFSIGNALED(plain) && WTERMSIG(plain) == SIGILL, "a call into the middle of code runs on: %x", plain);
    cr_assert(WIFSIGNALED(jump) && WTERMSIG(jump) == SIGILL, "a call of a jump's target runs on: %x", jump);
    struct murre_mirctx *ctx = murre_mirctx_new(mem, 0);
    for (unsigned level = 0; level < LEVELS; level++) {
        struct murre_mirctx_result result;
        cr_assert(murre_mirctx_compile(ctx, level, emit_table, NULL, NULL, &result) == MURRE_MIRCTX_OK);
        for (int64_t i = 0; i < 5; i++)
            cr_assert(((int64_t(*)(int64_t))result.code)(i) == 100 + i);
    }
    murre_mirctx_delete(ctx);
    murre_codemem_delete(mem);
}

Test(codemem, code_has_the_marks_that_its_pages_ask_for) {
    if (!murre_arch_features()->bti) {
        puts("skipped: marks of branch targets, which this processor has not: 1");
        cr_skip();
    }
    check_marks(murre_codemem_new(0));
    check_marks(murre_codemem_new_pages(0));
}

#endif

/* Threads place, look up and free at once. */
static void *hammer(void *user) {
    struct murre_codemem *mem = user;
    const uint8_t *code[16] = {NULL};
    for (unsigned i = 0; i < 4000; i++) {
        const unsigned k = i * 7 % 16;
        if (code[k] != NULL) {
            const struct murre_codeblock *block = murre_codemem_find(mem, (uintptr_t)code[k] + 5);
            cr_assert(block != NULL && block->owner == &code[k]);
            murre_codemem_free(mem, code[k]);
        }
        struct murre_codewrite block;
        cr_assert(murre_codemem_begin(mem, 10 + i % 300, &block));
        memset(block.write, 0x90, block.size);
        cr_assert(murre_codemem_commit(mem, &block, &code[k], false));
        code[k] = block.code;
    }
    for (int k = 0; k < 16; k++)
        if (code[k] != NULL)
            murre_codemem_free(mem, code[k]);
    return NULL;
}

Test(codemem, serves_threads) {
    struct murre_codemem *mem = murre_codemem_new(0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        cr_assert(pthread_create(&threads[i], NULL, hammer, mem) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert(blocks_in(mem) == 0);
    murre_codemem_delete(mem);
}

/* ---- Forks ------------------------------------------------------------------------------------------------------------ */

/* What is freed in one process stays in the other, and what the parent placed before the fork is not used again, if it is shared. */
static void check_fork(struct murre_codemem *mem, bool shared) {
    const uint8_t *old = place(mem, LARGE, 1, NULL, false), *both = place(mem, LARGE, 2, NULL, false);
    struct murre_codewrite begun;
    cr_assert(murre_codemem_begin(mem, LARGE, &begun));
    int ends[2];
    cr_assert(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(40);
        struct murre_codewrite block;
        char byte;
        bool good = murre_codemem_inherited(mem) && !murre_codemem_begin(mem, 100, &block);
        good = !murre_codemem_commit(mem, &begun, NULL, false) && good;
        murre_codemem_free(mem, both);
        close(ends[1]);
        good = read(ends[0], &byte, 1) == 0 && good; /* the parent has freed */
        good = filled_with(old, 1) && murre_codemem_find(mem, (uintptr_t)old) != NULL && good;
        murre_codemem_delete(mem);
        _exit(good ? 0 : 1);
    }
    close(ends[0]);
    cr_assert(!murre_codemem_inherited(mem));
    murre_codemem_free(mem, old);
    struct murre_codemem_stats stats;
    murre_codemem_stats(mem, &stats);
    cr_assert(shared ? stats.kept > LARGE : stats.kept == 0);
    const size_t kept = stats.kept;
    const uint8_t *young = place(mem, LARGE, 3, NULL, false);
    cr_assert((young == old) == !shared);
    murre_codemem_free(mem, young);
    cr_assert(place(mem, LARGE, 4, NULL, false) == young, "what is placed after the fork is not given back");
    murre_codemem_abandon(mem, &begun);
    cr_assert(place(mem, LARGE, 5, NULL, false) == begun.code, "what was not committed at the fork is not given back");
    murre_codemem_stats(mem, &stats);
    cr_assert(stats.blocks == 3 && stats.kept == kept);
    close(ends[1]);
    expect_good_child(child);
    cr_assert(filled_with(both, 2) && filled_with(young, 4));
    murre_codemem_delete(mem);
}

Test(codemem, a_fork_leaves_each_process_its_code) {
    check_fork(murre_codemem_new(0), true);
}

Test(codemem, a_fork_leaves_each_process_its_code_without_a_second_mapping) {
    check_fork(murre_codemem_new_pages(0), false);
}

static atomic_bool enough;

static void *hammer_on(void *mem) {
    while (!atomic_load(&enough))
        hammer(mem);
    return NULL;
}

/* Other threads hold the lock at most moments. */
Test(codemem, a_child_waits_for_no_lock, .timeout = 120) {
#ifdef TEST_EMULATED
    puts("skipped: forks of a process whose threads are busy, under emulation: 1");
    cr_skip();
#endif
    struct murre_codemem *mem = murre_codemem_new(0);
    const uint8_t *code = place(mem, LARGE, 1, NULL, false);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        cr_assert(pthread_create(&threads[i], NULL, hammer_on, mem) == 0);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            murre_codemem_free(mem, code);
            const bool good = filled_with(code, 1);
            murre_codemem_delete(mem);
            _exit(good ? 0 : 1);
        }
        expect_good_child(child);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert(filled_with(code, 1));
    murre_codemem_delete(mem);
}

static void *make_contexts(void *unused) {
    while (!atomic_load(&enough))
        murre_mirctx_delete(murre_mirctx_new(NULL, 0));
    return unused;
}

/* Another thread is just making one at most moments. */
Test(codemem, a_child_makes_a_compiler_of_its_own, .timeout = 120) {
#ifdef TEST_EMULATED
    puts("skipped: forks of a process whose threads are busy, under emulation: 1");
    cr_skip();
#endif
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, make_contexts, NULL) == 0);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            struct murre_codemem *mem = murre_codemem_new(0);
            struct murre_mirctx *ctx = murre_mirctx_new(mem, 0);
            struct murre_mirctx_result result;
            const bool good = murre_mirctx_compile(ctx, 1, emit_seven, NULL, NULL, &result) == MURRE_MIRCTX_OK;
            _exit(good && ((int64_t(*)(void))result.code)() == 7 ? 0 : 1);
        }
        expect_good_child(child);
    }
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
}

/* ---- Reach ------------------------------------------------------------------------------------------------------------ */

/* f(x) = callee(x) + 1; f(x) = x * 3 without a callee. The callee lies in the same code memory, far away. */
static MIR_item_t emit_link(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t r = test_new_reg(&b, 'i');
    if (user == NULL) {
        EMIT(MUL, R(r), R(b.arg[0]), C(3));
    } else {
        MIR_type_t type = MIR_T_I64;
        MIR_var_t argument = {.type = MIR_T_I64, .name = "x"};
        MIR_op_t ops[4] = {
            MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "link", 1, &type, 1, &argument)),
            MIR_new_ref_op(mir, murre_mirctx_import(mir, "callee", user)),
            R(r),
            R(b.arg[0]),
        };
        test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, 4, ops));
        EMIT(ADD, R(r), R(r), C(1));
    }
    test_return(&b, R(r));
    (void)module;
    return test_end(&b);
}

static int64_t (*link_after(struct murre_mirctx *ctx, const void *callee))(int64_t) {
    struct murre_mirctx_result result;
    cr_assert(murre_mirctx_compile(ctx, 1, emit_link, (void *)callee, NULL, &result) == MURRE_MIRCTX_OK);
    return (int64_t(*)(int64_t))result.code;
}

/* More than 100 MB of code in one reservation, which on AArch64 direct branches span: calls go from the last function to the first, from
   one to the next across all of it, and into what was written over freed code. */
static void check_reach(struct murre_codemem *mem) {
    enum { FILL = 1 << 20, FILLS = 104 };
    cr_assert(mem != NULL);
    struct murre_mirctx *ctx = murre_mirctx_new(mem, 0);
    cr_assert(ctx != NULL);
    int64_t (*const first)(int64_t) = link_after(ctx, NULL);
    int64_t (*last)(int64_t) = first;
    const uint8_t *filled[FILLS];
    for (int i = 0; i < FILLS; i++) {
        filled[i] = place(mem, FILL - 4096, i, NULL, false);
        cr_assert(filled[i] != NULL);
        last = link_after(ctx, (const void *)last);
        cr_assert(last(i) == i * 3 + i + 1);
    }
    struct murre_codemem_stats stats;
    murre_codemem_stats(mem, &stats);
    cr_assert(stats.used > 100000000, "%zu bytes", stats.used);
    int64_t (*const far)(int64_t) = link_after(ctx, (const void *)first);
    const uintptr_t low = (uintptr_t)first, high = (uintptr_t)far;
    cr_assert((high > low ? high - low : low - high) > 100000000);
    cr_assert(far(5) == 16 && last(5) == 15 + FILLS);
    for (int i = 0; i < FILLS; i++)
        cr_assert(filled[i][0] == (uint8_t)i && murre_codemem_find(mem, (uintptr_t)filled[i] + 1000) != NULL);
    /* Where the first filling lay, calls go the other way: from low addresses to high ones. */
    murre_codemem_free(mem, filled[0]);
    int64_t (*const back)(int64_t) = link_after(ctx, (const void *)far);
    cr_assert((uintptr_t)back < high - 100000000 && back(7) == 23);
    murre_mirctx_delete(ctx);
    murre_codemem_delete(mem);
}

Test(codemem, more_than_100_megabytes_of_code_reach_each_other) {
    check_reach(murre_codemem_new((size_t)112 << 20));
}

Test(codemem, more_than_100_megabytes_reach_each_other_without_a_second_mapping) {
    check_reach(murre_codemem_new_pages((size_t)112 << 20));
}
