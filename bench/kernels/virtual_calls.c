/* Dynamic dispatch: objects of four classes behind tables of function pointers. */
#define KERNEL_REPEATS 300
#include "kernel.h"

enum { SHAPES = 4096, ROUNDS = 40 };

struct shape;

struct shape_class {
    uint32_t (*measure)(const struct shape *);
    void (*grow)(struct shape *, uint32_t);
};

struct shape {
    const struct shape_class *class;
    uint32_t a, b;
};

static uint32_t square_measure(const struct shape *s) {
    return s->a * s->a;
}
static void square_grow(struct shape *s, uint32_t by) {
    s->a += by;
}
static uint32_t box_measure(const struct shape *s) {
    return s->a * s->b;
}
static void box_grow(struct shape *s, uint32_t by) {
    s->a += by, s->b ^= by;
}
static uint32_t line_measure(const struct shape *s) {
    return s->a + s->b;
}
static void line_grow(struct shape *s, uint32_t by) {
    s->b += s->a + by;
}
static uint32_t dot_measure(const struct shape *s) {
    return s->a >> 3;
}
static void dot_grow(struct shape *s, uint32_t by) {
    s->a = s->a * 5 + by;
}

static const struct shape_class classes[4] = {
    {square_measure, square_grow},
    {box_measure, box_grow},
    {line_measure, line_grow},
    {dot_measure, dot_grow},
};

static struct shape shapes[SHAPES];

static void kernel_setup(void) {
    for (uint32_t i = 0; i < SHAPES; i++) {
        /* Runs of equal classes with some disorder: neither always nor never predicted. */
        uint32_t which = i / 8 % 4;
        if (random_u64() % 8 == 0)
            which = random_u64() % 4;
        shapes[i] = (struct shape){&classes[which], i, i * 3 + 1};
    }
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < SHAPES; i++) {
            struct shape *s = &shapes[i];
            sum += s->class->measure(s);
            s->class->grow(s, round + repeat);
        }
    }
    return sum;
}
