/* Counts words: the most frequent ones of the files named, or of standard input. Uses files, so the host must grant the
 * folder:
 *
 *   clang --target=wasm32-wasi -O2 -o words.wasm words.c
 *   murre --dir . words.wasm README.md */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *word;
    unsigned long count;
};

/* Open addressing; `capacity` is a power of two and at most half of it is used. */
struct table {
    struct entry *entries;
    size_t capacity, used;
};

static void *need(void *pointer) {
    if (!pointer) {
        fputs("words: out of memory\n", stderr);
        exit(1);
    }
    return pointer;
}

static struct entry *find(const struct table *table, const char *word) {
    size_t hash = 2166136261u;
    for (const char *c = word; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    size_t at = hash & (table->capacity - 1);
    while (table->entries[at].word && strcmp(table->entries[at].word, word) != 0)
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

static void grow(struct table *table) {
    struct table bigger = {.capacity = table->capacity ? table->capacity * 2 : 1024, .used = table->used};
    bigger.entries = need(calloc(bigger.capacity, sizeof *bigger.entries));
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].word)
            *find(&bigger, table->entries[i].word) = table->entries[i];
    free(table->entries);
    *table = bigger;
}

static void add(struct table *table, const char *word) {
    if (table->used * 2 >= table->capacity)
        grow(table);
    struct entry *entry = find(table, word);
    if (!entry->word) {
        entry->word = need(strdup(word));
        table->used++;
    }
    entry->count++;
}

static void read_words(struct table *table, FILE *in) {
    char word[256];
    size_t length = 0;
    for (int c; (c = getc(in)) != EOF;) {
        if (isalpha(c) && length + 1 < sizeof word) {
            word[length++] = (char)tolower(c);
        } else if (length > 0) {
            word[length] = 0;
            add(table, word);
            length = 0;
        }
    }
    if (length > 0) {
        word[length] = 0;
        add(table, word);
    }
}

static int by_count(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (!x->word || !y->word)
        return !x->word - !y->word;
    return strcmp(x->word, y->word);
}

int main(int argc, char **argv) {
    struct table table = {0};
    grow(&table);
    for (int i = 1; i < argc; i++) {
        FILE *in = fopen(argv[i], "r");
        if (!in) {
            fprintf(stderr, "words: %s: %s\n", argv[i], strerror(errno));
            return 1;
        }
        read_words(&table, in);
        fclose(in);
    }
    if (argc < 2)
        read_words(&table, stdin);

    qsort(table.entries, table.capacity, sizeof *table.entries, by_count);
    for (size_t i = 0; i < 20 && i < table.used; i++)
        printf("%7lu %s\n", table.entries[i].count, table.entries[i].word);
    return 0;
}
