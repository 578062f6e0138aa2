/* Escape times of the Mandelbrot set: a short floating-point loop that ends on a comparison. */
#define KERNEL_REPEATS 60
#include "kernel.h"

enum { WIDTH = 200, HEIGHT = 150, ITERATIONS = 250 };

static void kernel_setup(void) {
}

NOINLINE static uint32_t escape_time(double cx, double cy) {
    double x = 0, y = 0;
    uint32_t n = 0;
    while (n < ITERATIONS) {
        double xx = x * x;
        double yy = y * y;
        if (xx + yy > 4.0)
            break;
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
        n++;
    }
    return n;
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = 0;
    double shift = repeat * 0.001;
    for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++) {
            double cx = column * (3.0 / WIDTH) - 2.1 + shift;
            double cy = row * (2.4 / HEIGHT) - 1.2;
            sum = sum * 31 + escape_time(cx, cy);
        }
    }
    return sum;
}
