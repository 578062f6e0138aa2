/* Five bodies under gravity, a symplectic step: square roots, divisions and many live doubles. */
#define KERNEL_REPEATS 24
#include "kernel.h"
#include <math.h>

enum { BODIES = 5, STEPS = 100000 };

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static void kernel_setup(void) {
    for (int i = 0; i < BODIES; i++) {
        double r = 1.0 + 3.0 * i;
        struct body *b = &bodies[i];
        b->mass = i == 0 ? 39.0 : 0.01 + 0.02 * random_unit();
        b->x = i == 0 ? 0 : r;
        b->y = 0.1 * random_unit();
        b->z = 0.1 * random_unit();
        b->vy = i == 0 ? 0 : sqrt(39.0 / r);
    }
}

NOINLINE static void advance(struct body *set, double dt) {
    for (int i = 0; i < BODIES; i++) {
        struct body *p = &set[i];
        for (int j = i + 1; j < BODIES; j++) {
            struct body *q = &set[j];
            double dx = p->x - q->x;
            double dy = p->y - q->y;
            double dz = p->z - q->z;
            double distance2 = dx * dx + dy * dy + dz * dz;
            double scale = dt / (distance2 * sqrt(distance2));
            p->vx -= dx * q->mass * scale;
            p->vy -= dy * q->mass * scale;
            p->vz -= dz * q->mass * scale;
            q->vx += dx * p->mass * scale;
            q->vy += dy * p->mass * scale;
            q->vz += dz * p->mass * scale;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        struct body *p = &set[i];
        p->x += dt * p->vx;
        p->y += dt * p->vy;
        p->z += dt * p->vz;
    }
}

static uint64_t kernel_run(unsigned repeat) {
    for (int i = 0; i < STEPS; i++)
        advance(bodies, 0.001);
    uint64_t sum = repeat;
    for (int i = 0; i < BODIES; i++)
        sum = mix_into(sum, double_bits(bodies[i].x + bodies[i].vy));
    return sum;
}
