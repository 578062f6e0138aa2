/* Fused multiply-add, beside the C library's. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arch/arch.h"

/* Exponents near each other, so that sums cancel; or any; ends of the range and subnormal numbers among them. */
static uint64_t state = 88172645463325252;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d;
}

static double random_f64(unsigned kind) {
    uint64_t bits = next_random();
    if (kind % 3 == 0) /* few digits: ties */
        bits &= UINT64_C(0xfffffffe00000000) | 3;
    if (kind % 2 == 0)
        bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (1023 - 30 + next_random() % 60) << 52;
    if (kind % 7 == 0)
        bits = (bits & ~(UINT64_C(0x7ff) << 52)) | next_random() % 60 << 52;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static bool same_f64(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}
static bool same_f32(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

static void check_f64(double x, double y, double z) {
    const double want = fma(x, y, z);
    cr_assert(same_f64(murre_arch_fma_f64(x, y, z), want), "%a * %a + %a", x, y, z);
    cr_assert(same_f64(murre_arch_soft_fma_f64(x, y, z), want), "%a * %a + %a is %a, not %a", x, y, z, murre_arch_soft_fma_f64(x, y, z),
              want);
}
static void check_f32(float x, float y, float z) {
    const float want = fmaf(x, y, z);
    cr_assert(same_f32(murre_arch_fma_f32(x, y, z), want), "%a * %a + %a", x, y, z);
    cr_assert(same_f32(murre_arch_soft_fma_f32(x, y, z), want), "%a * %a + %a is %a, not %a", x, y, z, murre_arch_soft_fma_f32(x, y, z),
              want);
}

Test(fma, is_rounded_once) {
    static const double special[] = {
        0.0,      -0.0,           1.0,     -1.0, INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1074, 0x1.fffffffffffffp1023, 0x1p-1022,
        0x1p-149, 0x1.fffffep127, 0x1p-126};
    enum { SPECIAL = sizeof special / sizeof *special };
    for (unsigned i = 0; i < SPECIAL; i++)
        for (unsigned k = 0; k < SPECIAL; k++)
            for (unsigned l = 0; l < SPECIAL; l++) {
                check_f64(special[i], special[k], special[l]);
                check_f32((float)special[i], (float)special[k], (float)special[l]);
            }
    /* (1 + a)(1 - a) is next to 1: half of a last digit, but for what only a wide sum would lose. */
    for (int i = 2; i <= 52; i++)
        for (int k = -60; k <= -20; k++)
            for (unsigned odd = 0; odd < 4; odd++) {
                const double sign = odd & 2 ? -1 : 1;
                check_f64(sign * ldexp(1 + ldexp(1, -i), k), 1 - ldexp(1, -i), 1 + (odd & 1) * 0x1p-52);
                check_f64(sign * ldexp(1 + ldexp(1, -i), k), 1 - ldexp(1, -i), -1 - (odd & 1) * 0x1p-52);
                if (i <= 23)
                    check_f32((float)(sign * ldexp(1 + ldexp(1, -i), k)), (float)(1 - ldexp(1, -i)), (float)(1 + (odd & 1) * 0x1p-23));
            }
    for (unsigned i = 0; i < 300000; i++) {
        double x = random_f64(i), y = random_f64(i / 3), z = random_f64(i / 5);
        if (i % 4 == 0) /* nearly nothing is left */
            z = -(x * y);
        if (i % 4 == 1) /* nearly a tie */
            z = x * y * 0x1p-53 * (i % 8 == 1 ? 1 : 0x1p-52);
        check_f64(x, y, z);
        float xf = (float)x, yf = (float)y, zf = i % 4 == 0 ? -(xf * yf) : (float)z;
        check_f32(xf, yf, zf);
    }
}
