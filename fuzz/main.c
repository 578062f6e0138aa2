/* Without libFuzzer: runs a target once over each file named on the command line, so that a crash can be replayed, and over every module
 * below the folders named there. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t capacity = 4096;
    uint8_t *data = malloc(capacity);
    *size = 0;
    while (data) {
        *size += fread(data + *size, 1, capacity - *size, file);
        if (*size < capacity)
            break;
        uint8_t *grown = realloc(data, capacity *= 2);
        if (!grown)
            free(data);
        data = grown;
    }
    fclose(file);
    return data;
}

static int inputs, failures;

static void replay(const char *path) {
    size_t size;
    uint8_t *data = read_file(path, &size);
    if (!data) {
        perror(path);
        failures++;
        return;
    }
    LLVMFuzzerTestOneInput(data, size);
    inputs++;
    free(data);
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    const char *dot = strrchr(path, '.');
    if (kind == FTW_F && (place->level == 0 || (dot && strcmp(dot, ".wasm") == 0)))
        replay(path);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
            perror(argv[i]);
            failures++;
        }
    printf("%d passed, %d failed\n", inputs, failures);
    return failures != 0;
}
