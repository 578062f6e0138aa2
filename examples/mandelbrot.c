/* Draws the Mandelbrot set in characters; an ordinary program for wasm32-wasi with no knowledge of murre.
 *
 *   clang --target=wasm32-wasi -O2 -o mandelbrot.wasm mandelbrot.c
 *   murre mandelbrot.wasm [WIDTH [HEIGHT [ITERATIONS]]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int escape_time(double cr, double ci, int limit) {
    double zr = 0, zi = 0;
    int n = 0;
    while (n < limit && zr * zr + zi * zi <= 4) {
        double next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
        n++;
    }
    return n;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    static const char shades[] = " .:-=+*#%@";
    int width = argc > 1 ? atoi(argv[1]) : 78;
    int height = argc > 2 ? atoi(argv[2]) : 30;
    int limit = argc > 3 ? atoi(argv[3]) : 50000;
    if (width < 1 || height < 1 || limit < 1) {
        fprintf(stderr, "usage: %s [WIDTH [HEIGHT [ITERATIONS]]]\n", argv[0]);
        return 2;
    }

    double start = seconds();
    long long steps = 0;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int n = escape_time(-2.2 + 3.2 * x / width, -1.2 + 2.4 * y / height, limit);
            steps += n;
            putchar(n == limit ? '@' : shades[n % 9]);
        }
        putchar('\n');
    }
    fflush(stdout);
    fprintf(stderr, "%lld steps in %.2f s\n", steps, seconds() - start);
    return ferror(stdout) ? 1 : 0;
}
