/* Batcher's bitonic network over blocks of 32-bit numbers: minima and maxima; distances below four are lanes' own work. */
#define KERNEL_REPEATS 360
#include "vec.h"

enum { BLOCK = 256, BLOCKS = 128 };
static int32_t numbers[BLOCKS * BLOCK];

static void kernel_setup(void) {
}

#ifdef VECTOR
/* One stage inside four numbers: the partner of each lane is in `other`; `up` has ones where the smaller one belongs. */
static inline i32x4 exchange(i32x4 x, i32x4 other, i32x4 up) {
    return (i32x4)select_bits((u8x16)up, (u8x16)min_i32(x, other), (u8x16)max_i32(x, other));
}

static void stage(int32_t *v, unsigned size, unsigned distance) {
    if (distance >= 4) {
        for (unsigned i = 0; i < BLOCK; i += 4) {
            if (i & distance)
                continue;
            i32x4 a = LOAD(i32x4, v + i), b = LOAD(i32x4, v + i + distance), low = min_i32(a, b), high = max_i32(a, b);
            STORE(v + i, i & size ? high : low);
            STORE(v + i + distance, i & size ? low : high);
        }
        return;
    }
    const i32x4 index = {0, 1, 2, 3};
    for (unsigned i = 0; i < BLOCK; i += 4) {
        i32x4 at = index + (i32x4)splat_u32(i), x = LOAD(i32x4, v + i);
        i32x4 up = ((at & (i32x4)splat_u32(size)) == 0) == ((at & (i32x4)splat_u32(distance)) == 0);
        i32x4 other = distance == 2 ? __builtin_shufflevector(x, x, 2, 3, 0, 1) : __builtin_shufflevector(x, x, 1, 0, 3, 2);
        STORE(v + i, exchange(x, other, up));
    }
}
#else
static void stage(int32_t *v, unsigned size, unsigned distance) {
    for (unsigned i = 0; i < BLOCK; i++) {
        if (i & distance)
            continue;
        int32_t a = v[i], b = v[i + distance];
        int32_t low = a < b ? a : b, high = a < b ? b : a;
        v[i] = i & size ? high : low;
        v[i + distance] = i & size ? low : high;
    }
}
#endif

NOINLINE static void sort(int32_t *v) {
    for (unsigned size = 2; size <= BLOCK; size *= 2)
        for (unsigned distance = size / 2; distance; distance /= 2)
            stage(v, size, distance);
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = repeat;
    for (int i = 0; i < BLOCKS * BLOCK; i++)
        numbers[i] = (int32_t)(random_u64() >> 17);
    for (int block = 0; block < BLOCKS; block++)
        sort(numbers + block * BLOCK);
    for (int i = 0; i < BLOCKS * BLOCK; i += 13)
        sum = mix_into(sum, (uint32_t)numbers[i]);
    return sum;
}
