/* An open-addressing hash map of 64-bit keys: inserts, look-ups and misses with unpredictable loads. */
#define KERNEL_REPEATS 40
#include "kernel.h"

enum { SLOTS = 1 << 18, KEYS = SLOTS / 2, LOOKUPS = 400000 };

struct slot {
    uint64_t key; /* 0 means empty */
    uint64_t value;
};

static struct slot slots[SLOTS];

static uint32_t hash(uint64_t key) {
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdu;
    key ^= key >> 33;
    return (uint32_t)key;
}

NOINLINE static struct slot *find(uint64_t key) {
    uint32_t i = hash(key) % SLOTS;
    while (slots[i].key != 0 && slots[i].key != key)
        i = (i + 1) % SLOTS;
    return &slots[i];
}

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = 0;
    uint64_t key = 0x1234567 + repeat;
    memset(slots, 0, sizeof slots);
    for (int i = 0; i < KEYS; i++) {
        key = key * 6364136223846793005u + 1442695040888963407u;
        struct slot *s = find(key >> 44 | 1);
        s->key = key >> 44 | 1;
        s->value += (uint64_t)i;
    }
    for (int i = 0; i < LOOKUPS; i++) {
        key = key * 6364136223846793005u + 1442695040888963407u;
        struct slot *s = find(key >> 44);
        sum += s->key != 0 ? s->value : 1;
    }
    return sum;
}
