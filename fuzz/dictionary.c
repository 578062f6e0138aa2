/* Prints a dictionary for libFuzzer: the pieces of the binary format (chapter 5), one entry per line. Run during the build. */
#include <stdint.h>
#include <stdio.h>

#include "wasm/opcode.h"

static const struct {
    uint8_t prefix;
    uint16_t code;
} instructions[] = {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) {prefix, code},
#include "wasm/opcodes.def"
#undef OP
};

/* code as LEB128, behind its prefix. */
static void print_instruction(uint8_t prefix, uint16_t code) {
    putchar('"');
    if (prefix == 0) {
        printf("\\x%02x", code);
    } else {
        printf("\\x%02x", prefix);
        for (; code >= 0x80; code >>= 7)
            printf("\\x%02x", (code & 0x7f) | 0x80);
        printf("\\x%02x", code);
    }
    printf("\"\n");
}

int main(void) {
    static const char *const entries[] = {
        "\\x00asm\\x01\\x00\\x00\\x00",             /* the preamble */
        "\\x01\\x04\\x01\\x60\\x00\\x00",           /* a type section: [] to [] */
        "\\x03\\x02\\x01\\x00",                     /* a function of it */
        "\\x0a\\x04\\x01\\x02\\x00\\x0b",           /* with an empty body */
        "\\x04\\x04\\x01\\x70\\x00\\x01",           /* a table */
        "\\x05\\x03\\x01\\x00\\x01",                /* a memory */
        "\\x06\\x06\\x01\\x7f\\x01\\x41\\x00\\x0b", /* a global */
        "\\x0c\\x01\\x01",                          /* a count of data segments */
        "\\x00\\x0d\\x04name\\x01\\x06",            /* a name section's start */
        "\\x41\\x00\\x0b",                          /* an offset */
        "\\xff\\xff\\xff\\xff\\x0f",                /* the largest u32 */
        "\\x80\\x80\\x80\\x80\\x78",                /* the least s32 */
        "\\x80\\x80\\x80\\x80\\x00",                /* zero, long */
        "\\x02\\x40",                               /* a block without results */
        "\\x03\\x7f",                               /* a loop with one */
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        printf("\"%s\"\n", entries[i]);
    for (size_t i = 0; i < sizeof instructions / sizeof *instructions; i++)
        print_instruction(instructions[i].prefix, instructions[i].code);
    return 0;
}
