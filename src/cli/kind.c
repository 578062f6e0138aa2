/* Recognises files that people pass by mistake, by their first bytes. */
#include <string.h>

#include "cli/cli.h"

static const struct {
    char bytes[9];
    uint8_t size;
    char what[79];
} others[] = {
    {"\x28\xb5\x2f\xfd", 4, "is compressed with zstd; unpack it first (murre reads gzip and zlib)"},
    {"\xfd"
     "7zXZ\0",
     6, "is compressed with xz; unpack it first (murre reads gzip and zlib)"},
    {"BZh", 3, "is compressed with bzip2; unpack it first (murre reads gzip and zlib)"},
    {"\x04\x22\x4d\x18", 4, "is compressed with lz4; unpack it first (murre reads gzip and zlib)"},
    {"PK\3\4", 4, "is a zip archive; unpack it first"},
    {"!<arch>\n", 8, "is a static library; link it first"},
    {"\x7f"
     "ELF",
     4, "is a native program or library, not a WebAssembly module"},
    {"BC\xc0\xde", 4, "is LLVM bitcode; compile it to WebAssembly first"},
};

/* Of what starts as a module does. A component's version has changed over time; the layer, behind it, has not. */
static bool is_component(const char *bytes, size_t size) {
    return size >= 8 && bytes[6] == 1 && bytes[7] == 0;
}

static size_t skip_space(const char *bytes, size_t size, size_t at) {
    while (at < size && bytes[at] != '\0' && strchr(" \t\r\n", bytes[at]) != NULL)
        at++;
    return at;
}

/* The text format, scripts of the test suite included: a comment, an annotation, or a parenthesis and a keyword. */
static bool is_text(const char *bytes, size_t size) {
    static const char keywords[][10] = {
        "module", "component", "type", "rec",  "import",   "func",   "table", "memory",  "global", "tag",    "export",
        "start",  "elem",      "data", "core", "register", "invoke", "get",   "assert_", "input",  "output", "script",
    };
    size_t at = skip_space(bytes, size, 0);
    if (size - at >= 2 && memcmp(bytes + at, ";;", 2) == 0)
        return true;
    if (at == size || bytes[at++] != '(')
        return false;
    if (at < size && (bytes[at] == ';' || bytes[at] == '@'))
        return true;
    at = skip_space(bytes, size, at);
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        size_t length = strlen(keywords[i]);
        if (size - at >= length && memcmp(bytes + at, keywords[i], length) == 0)
            return true;
    }
    return false;
}

static bool refuse(const struct cli_file *file, const char *why) {
    cli_error("%s: %s", file->name, why);
    return false;
}

bool cli_plausible(const struct cli_file *file) {
    const char *bytes = file->bytes;
    if (file->size == 0)
        return refuse(file, "is empty");
    if (memcmp(bytes, "\0asm", file->size < 4 ? file->size : 4) == 0)
        return !is_component(bytes, file->size) || refuse(file, "is a component; murre runs core modules only");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (file->size >= others[i].size && memcmp(bytes, others[i].bytes, others[i].size) == 0)
            return refuse(file, others[i].what);
    if (is_text(bytes, file->size))
        return refuse(file, "is WebAssembly text; translate it first, for example with wat2wasm");
    return refuse(file, "is not a WebAssembly module");
}
