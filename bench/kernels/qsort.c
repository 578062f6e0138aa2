/* Quicksort written out, with a comparison through a function pointer as the C library's has. */
#define KERNEL_REPEATS 9
#include "kernel.h"

enum { ITEMS = 200000 };

struct item {
    uint32_t key;
    uint32_t payload;
};

typedef int compare_fn(const struct item *, const struct item *);

static struct item items[ITEMS];

static int by_key(const struct item *a, const struct item *b) {
    return (a->key > b->key) - (a->key < b->key);
}

static int by_payload(const struct item *a, const struct item *b) {
    return (a->payload > b->payload) - (a->payload < b->payload);
}

static inline void swap(struct item *a, struct item *b) {
    struct item t = *a;
    *a = *b;
    *b = t;
}

NOINLINE static void sort(struct item *low, struct item *high, compare_fn *compare) {
    while (high - low > 12) {
        struct item *middle = low + (high - low) / 2;
        if (compare(middle, low) < 0)
            swap(middle, low);
        if (compare(high, low) < 0)
            swap(high, low);
        if (compare(high, middle) < 0)
            swap(high, middle);
        struct item pivot = *middle;
        struct item *i = low, *j = high;
        while (i <= j) {
            while (compare(i, &pivot) < 0)
                i++;
            while (compare(&pivot, j) < 0)
                j--;
            if (i <= j)
                swap(i++, j--);
        }
        if (j - low < high - i) {
            sort(low, j, compare);
            low = i;
        } else {
            sort(i, high, compare);
            high = j;
        }
    }
    for (struct item *i = low + 1; i <= high; i++) {
        for (struct item *j = i; j > low && compare(j, j - 1) < 0; j--)
            swap(j, j - 1);
    }
}

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i] = (struct item){(uint32_t)random_u64(), i};
    sort(items, items + ITEMS - 1, by_key);
    uint64_t sum = repeat;
    for (int i = 0; i < ITEMS; i += 97)
        sum = mix_into(sum, items[i].key);
    sort(items, items + ITEMS - 1, by_payload);
    for (int i = 0; i < ITEMS; i += 97)
        sum = mix_into(sum, items[i].key);
    return sum;
}
