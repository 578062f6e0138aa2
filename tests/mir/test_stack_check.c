/* patches/68: a function with a large frame makes it only where there is room, and stores nothing before it knows. */
#include "support.h"

#include <pthread.h>

enum { SMALL = 1024, PAINT = 0xa5, STACK = 512 * 1024 };

/* What the compiled functions get first: its second word points to where, in the third word, the limit is. */
struct object {
    int64_t pad;
    const struct bounds {
        int64_t pad[2];
        uintptr_t limit;
    } * bounds;
    int64_t value;
};

static const struct object *refused;

static int64_t refuse(const struct object *object) {
    refused = object;
    return -1;
}

static void check_stack(MIR_context_t mir) {
    MIR_set_stack_check(mir, (MIR_stack_check_t){.handler = (const void *)refuse,
                                                 .size = SMALL,
                                                 .pointer = offsetof(struct object, bounds),
                                                 .limit = offsetof(struct bounds, limit)});
}

/* f(object) = a sum of so many values, each made from the one before and all of them alive at the same time. */
static MIR_item_t emit_wide(void *user, MIR_context_t mir, MIR_module_t module) {
    const int width = *(const int *)user;
    struct build b;
    check_stack(mir);
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t *r = murre_mirctx_alloc((size_t)width * sizeof *r), sum = test_new_reg(&b, 'i');
    for (int i = 0; i < width; i++) {
        r[i] = test_new_reg(&b, 'i');
        if (i == 0)
            EMIT(MOV, R(r[i]), AT(I64, offsetof(struct object, value), b.arg[0]));
        else
            EMIT(MUL, R(r[i]), R(r[i - 1]), C(3));
    }
    EMIT(MOV, R(sum), C(0));
    for (int i = width - 1; i >= 0; i--) {
        EMIT(XOR, R(sum), R(sum), R(r[i]));
        EMIT(MUL, R(sum), R(sum), C(5));
    }
    test_return(&b, R(sum));
    return test_end(&b);
}

static int64_t wide(int width, int64_t value) {
    uint64_t v[4096], sum = 0;
    for (int i = 0; i < width; i++)
        v[i] = i == 0 ? (uint64_t)value : v[i - 1] * 3;
    for (int i = width - 1; i >= 0; i--)
        sum = (sum ^ v[i]) * 5;
    return (int64_t)sum;
}

/* f(object) = callee(object, value, value, …), with so many arguments. */
static int64_t callee(const struct object *object) {
    return object->value + 7;
}

static MIR_item_t emit_call(void *user, MIR_context_t mir, MIR_module_t module) {
    const int count = *(const int *)user;
    struct build b;
    check_stack(mir);
    test_begin(&b, mir, 'i', "i");
    MIR_type_t result = MIR_T_I64;
    MIR_var_t *vars = murre_mirctx_alloc((size_t)count * sizeof *vars);
    MIR_op_t *ops = murre_mirctx_alloc(((size_t)count + 3) * sizeof *ops);
    MIR_reg_t value = test_new_reg(&b, 'i');
    EMIT(MOV, R(value), AT(I64, offsetof(struct object, value), b.arg[0]));
    for (int i = 0; i < count; i++) {
        vars[i] = (MIR_var_t){.type = MIR_T_I64, .name = "x"};
        ops[3 + i] = R(i == 0 ? b.arg[0] : value);
    }
    ops[0] = MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, (size_t)count, vars));
    ops[1] = MIR_new_ref_op(mir, murre_mirctx_import(mir, "callee", (const void *)callee));
    ops[2] = R(value);
    test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, (size_t)count + 3, ops));
    test_return(&b, R(value));
    return test_end(&b);
}

/* One call on a stack that can be looked at. */
struct trial {
    unsigned char *stack;
    int64_t (*f)(const struct object *);
    uintptr_t room; /* how far the limit lies below the caller's frame */
    int64_t result;
    uintptr_t lowest; /* how far below that frame something was written */
    bool refused;
};

static void *try(void *argument) {
    struct trial *t = argument;
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    struct bounds bounds = {.limit = here - t->room};
    struct object object = {.bounds = &bounds, .value = 1234567};
    refused = NULL;
    /* What made the thread has been here before, with a sanitizer a good deal. */
    volatile unsigned char *const end = (volatile unsigned char *)__builtin_alloca(16) - 256;
    for (volatile unsigned char *q = t->stack; q < end; q++)
        *q = PAINT;
    t->result = t->f(&object);
    t->refused = refused == &object;
    const volatile unsigned char *p = t->stack;
    while (*p == PAINT)
        p++;
    t->lowest = here - (uintptr_t)p;
    return NULL;
}

static void run(struct trial *t) {
    static _Alignas(4096) unsigned char stack[STACK];
    memset(stack, PAINT, sizeof stack);
    t->stack = stack;
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    cr_assert(pthread_attr_setstack(&attr, stack, sizeof stack) == 0);
    cr_assert(pthread_create(&thread, &attr, try, t) == 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
}

/* Where it is refused nothing was written, where it is not no more than what it asked for; slack: what a callee writes below.
   The C functions around it, which need no more than `around`, do not blur it: all that is compiled here takes much more. */
static void check(struct trial *t, int64_t want, uintptr_t least, uintptr_t slack, const char *what, unsigned level) {
    const uintptr_t around = 800;
    uintptr_t low = 0, high = STACK / 2; /* refused with room for low, done with room for high */
    t->room = high;
    run(t);
    cr_assert(!t->refused && t->result == want, "%s, level %u", what, level);
    while (high - low > 16) {
        t->room = (low + high) / 2;
        run(t);
        if (t->refused) {
            cr_assert(t->result == -1 && t->lowest < around, "%s, level %u: %zu bytes written where there is room for %zu", what, level,
                      (size_t)t->lowest, (size_t)t->room);
            low = t->room;
        } else {
            cr_assert(t->result == want && t->lowest <= t->room + slack, "%s, level %u: %zu bytes written, %zu asked for", what, level,
                      (size_t)t->lowest, (size_t)t->room);
            high = t->room;
        }
    }
    cr_assert(high > least && high < 2 * least + SMALL, "%s, level %u: takes %zu bytes", what, level, (size_t)high);
}

Test(frames, a_large_frame_is_made_only_where_there_is_room) {
    static const int widths[] = {200, 700, 3000};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            struct trial t = {.f = (int64_t(*)(const struct object *))test_compile(level, emit_wide, (void *)&widths[i])};
            check(&t, wide(widths[i], 1234567), (uintptr_t)widths[i] * 8 - 128, 0, "a leaf", level);
        }
}

Test(frames, what_is_passed_on_the_stack_counts) {
    static const int counts[] = {150, 450}; /* AArch64 refuses more than 4 KiB of arguments */
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct trial t = {.f = (int64_t(*)(const struct object *))test_compile(level, emit_call, (void *)&counts[i])};
            check(&t, 1234567 + 7, (uintptr_t)counts[i] * 8 - 64, 512, "a call", level);
        }
}

Test(frames, a_small_frame_is_made_without_asking) {
    static const int width = 60;
    for (unsigned level = 0; level < LEVELS; level++) {
        struct trial t = {.f = (int64_t(*)(const struct object *))test_compile(level, emit_wide, (void *)&width),
                          .room = -(uintptr_t)STACK};
        run(&t);
        cr_assert(!t.refused && t.result == wide(width, 1234567), "level %u", level);
    }
}
