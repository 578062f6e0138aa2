/* Compressed modules: gzip (several members too) and zlib streams are recognised by their first bytes; no WebAssembly starts like that.
 * The output is bounded, absolutely and in proportion to the input, so that a small file cannot fill the memory. */
#include <stdlib.h>
#include <sys/mman.h>
#include <zlib.h>

#include "cli/cli.h"

#define MAX_OUTPUT  (UINT64_C(1) << 30)
#define MAX_RATIO   200                  /* modules reach 3 to 10, deflate's utmost is 1,032 */
#define FREE_OUTPUT (UINT64_C(16) << 20) /* so much is allowed whatever the ratio */

static bool recognised(const unsigned char *bytes, size_t size) {
    if (size < 6)
        return false;
    bool gzip = bytes[0] == 0x1f && bytes[1] == 0x8b;
    bool zlib = (bytes[0] & 0x0f) == 8 && bytes[0] >> 4 <= 7 && bytes[0] != 0x08 && (bytes[0] << 8 | bytes[1]) % 31 == 0;
    return gzip || zlib;
}

struct output {
    unsigned char *bytes;
    size_t size, capacity, limit;
};

/* Room for more; false when there is none or it would exceed the limit by more than the one byte that proves it. */
static bool grow(struct output *output) {
    size_t capacity = output->capacity == 0 ? 256 * 1024 : output->capacity * 2;
    if (capacity > output->limit + 1)
        capacity = output->limit + 1;
    unsigned char *bytes = realloc(output->bytes, capacity);
    if (bytes == NULL)
        return false;
    output->bytes = bytes;
    output->capacity = capacity;
    return true;
}

enum result { INFLATED, DAMAGED, TOO_MUCH, NO_MEMORY };

static enum result inflate_all(z_stream *stream, struct output *output) {
    for (;;) {
        if (output->size == output->capacity && !grow(output))
            return NO_MEMORY;
        size_t room = output->capacity - output->size;
        stream->next_out = output->bytes + output->size;
        stream->avail_out = (uInt)room;
        int status = inflate(stream, Z_NO_FLUSH);
        output->size += room - stream->avail_out;
        if (output->size > output->limit)
            return TOO_MUCH;
        if (status == Z_MEM_ERROR)
            return NO_MEMORY;
        if (status == Z_STREAM_END) {
            if (stream->avail_in < 2 || stream->next_in[0] != 0x1f || stream->next_in[1] != 0x8b)
                return INFLATED;
            inflateReset(stream); /* the next member */
        } else if (status != Z_OK && !(status == Z_BUF_ERROR && stream->avail_out == 0)) {
            return DAMAGED; /* or cut short */
        }
    }
}

static enum result run(const struct cli_file *file, struct output *output) {
    z_stream stream = {.next_in = file->bytes, .avail_in = (uInt)file->size};
    if (inflateInit2(&stream, 15 + 32) != Z_OK)
        return NO_MEMORY;
    enum result result = inflate_all(&stream, output);
    inflateEnd(&stream);
    return result;
}

bool cli_inflate(struct cli_file *file) {
    if (!recognised(file->bytes, file->size))
        return true;
    uint64_t limit = file->size * MAX_RATIO;
    if (limit < FREE_OUTPUT)
        limit = FREE_OUTPUT;
    if (limit > MAX_OUTPUT)
        limit = MAX_OUTPUT;
    struct output output = {.limit = (size_t)limit};
    enum result result = run(file, &output);
    if (result != INFLATED) {
        free(output.bytes);
        if (result == TOO_MUCH)
            cli_error("%s: decompressed size exceeds %llu bytes", file->name, (unsigned long long)limit);
        else
            cli_error("%s: %s", file->name, result == DAMAGED ? "compressed data is damaged or cut short" : "out of memory");
        return false;
    }
    cli_unload(file);
    file->bytes = output.bytes;
    file->size = output.size;
    file->mapped = false;
    return true;
}
