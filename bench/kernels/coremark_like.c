/* The mix of work of an embedded-processor benchmark, written anew: a linked list that is searched, reversed and
 * sorted, small integer matrices, a state machine over text that scans numbers, and a CRC over every result. */
#define KERNEL_REPEATS 18
#include "kernel.h"

enum { ITERATIONS = 600, NODES = 120, SIDE = 12, TEXT = 640 };

/* CRC */

static uint16_t crc16_byte(uint16_t crc, uint8_t byte) {
    for (int bit = 0; bit < 8; bit++) {
        uint16_t mix = (uint16_t)((crc ^ byte) & 1);
        crc >>= 1;
        byte >>= 1;
        if (mix)
            crc ^= 0xa001;
    }
    return crc;
}

static uint16_t crc16(uint16_t crc, uint32_t value) {
    for (int i = 0; i < 4; i++)
        crc = crc16_byte(crc, (uint8_t)(value >> 8 * i));
    return crc;
}

/* List */

struct node {
    struct node *next;
    int16_t key;
    int16_t index;
};

static struct node nodes[NODES];

static struct node *list_build(uint32_t seed) {
    for (int i = 0; i < NODES; i++) {
        seed = seed * 1103515245u + 12345;
        nodes[i].key = (int16_t)(seed >> 16);
        nodes[i].index = (int16_t)i;
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    }
    return nodes;
}

static struct node *list_find(struct node *list, int16_t index) {
    while (list && list->index != index)
        list = list->next;
    return list;
}

static struct node *list_reverse(struct node *list) {
    struct node *done = NULL;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

typedef int32_t order_fn(const struct node *, const struct node *);

static int32_t order_by_key(const struct node *a, const struct node *b) {
    return a->key - b->key;
}

static int32_t order_by_index(const struct node *a, const struct node *b) {
    return a->index - b->index;
}

static struct node *list_merge(struct node *a, struct node *b, order_fn *order) {
    struct node head = {NULL, 0, 0};
    struct node *tail = &head;
    while (a && b) {
        struct node **least = order(a, b) <= 0 ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static struct node *list_sort(struct node *list, int length, order_fn *order) {
    if (length < 2)
        return list;
    struct node *before = list;
    for (int i = 1; i < length / 2; i++)
        before = before->next;
    struct node *rest = before->next;
    before->next = NULL;
    return list_merge(list_sort(list, length / 2, order), list_sort(rest, length - length / 2, order), order);
}

static uint16_t list_work(uint32_t seed) {
    uint16_t crc = 0;
    struct node *list = list_build(seed);
    for (int16_t i = 0; i < NODES; i += 3) {
        struct node *found = list_find(list, i);
        list = list_reverse(list);
        crc = crc16(crc, (uint32_t)found->key);
    }
    list = list_sort(list, NODES, order_by_key);
    for (struct node *n = list; n; n = n->next)
        crc = crc16_byte(crc, (uint8_t)n->key);
    list = list_sort(list, NODES, order_by_index);
    return crc16(crc, (uint32_t)list->key);
}

/* Matrix */

static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];

static uint16_t matrix_work(uint32_t seed) {
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            seed = seed * 1103515245u + 12345;
            left[i][j] = (int16_t)(seed >> 20);
            right[i][j] = (int16_t)(seed >> 8 & 0xff);
        }
    }
    uint16_t crc = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++) {
                int32_t sum = 0;
                for (int k = 0; k < SIDE; k++) {
                    int32_t term = left[i][k] * right[k][j];
                    sum += pass ? (term >> 2 & 15) * (term >> 5 & 127) : term;
                }
                product[i][j] = sum;
            }
        }
        int32_t running = 0, last = 0;
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++) {
                running += product[i][j] > last ? 10 : product[i][j] & 7;
                last = product[i][j];
            }
        }
        crc = crc16(crc, (uint32_t)running);
    }
    return crc;
}

/* State machine */

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS, INVALID, STATES };

static char text[TEXT + 1];

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static enum state scan(const char **cursor, uint32_t *visits) {
    enum state state = START;
    const char *p = *cursor;
    for (; *p && *p != ','; p++) {
        char c = *p;
        switch (state) {
        case START: state = is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID; break;
        case SIGN: state = is_digit(c) ? INTEGER : c == '.' ? FRACTION : INVALID; break;
        case INTEGER: state = is_digit(c) ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
        case FRACTION: state = is_digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
        case EXPONENT: state = is_digit(c) ? EXPONENT_DIGITS : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID; break;
        case EXPONENT_SIGN: state = is_digit(c) ? EXPONENT_DIGITS : INVALID; break;
        case EXPONENT_DIGITS: state = is_digit(c) ? EXPONENT_DIGITS : INVALID; break;
        default: break;
        }
        visits[state]++;
    }
    *cursor = *p ? p + 1 : p;
    return state;
}

static uint16_t state_work(uint32_t seed) {
    static const char *const words[] = {"5012",     "-874",     "+122",     "35.54400", ".1234500", "-110.700",
                                        "5.500e+3", "-.123e-2", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z", "34.0e-T^"};
    size_t used = 0;
    for (;;) {
        seed = seed * 1103515245u + 12345;
        const char *word = words[(seed >> 16) % 12];
        size_t length = strlen(word);
        if (used + length + 1 > TEXT)
            break;
        memcpy(text + used, word, length);
        text[used + length] = ',';
        used += length + 1;
    }
    text[used] = '\0';
    uint32_t visits[STATES] = {0}, finals[STATES] = {0};
    for (int pass = 0; pass < 2; pass++) {
        const char *cursor = text;
        while (*cursor)
            finals[scan(&cursor, visits)]++;
        for (size_t i = 0; i < used; i += 7) {
            if (text[i] != ',')
                text[i] ^= (char)(seed >> 8 & 3);
        }
    }
    uint16_t crc = 0;
    for (int i = 0; i < STATES; i++)
        crc = crc16(crc16(crc, visits[i]), finals[i]);
    return crc;
}

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ITERATIONS; i++) {
        uint32_t seed = repeat * ITERATIONS + i;
        sum = sum * 31 + list_work(seed);
        sum = sum * 31 + matrix_work(seed);
        sum = sum * 31 + state_work(seed);
    }
    return sum;
}
