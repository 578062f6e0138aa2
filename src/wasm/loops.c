/* See loops.h. One walk over the instructions up to the loop in question. Open blocks are kept as a stack that notes only the loops among
 * them: a loop and the number of blocks opened inside it since. */
#include "wasm/loops.h"

#include <string.h>

#include "wasm/walk.h"

struct open_loop {
    uint32_t number;
    uint32_t blocks; /* open inside it, besides loops */
};

struct nest {
    struct open_loop *loops;
    uint32_t count, capacity;
    uint32_t outside; /* blocks open outside every loop */
};

static bool enter_loop(struct nest *n, const struct murre_allocator *allocator, uint32_t number) {
    if (n->count == n->capacity) {
        uint32_t grown = n->capacity ? n->capacity * 2 : 16;
        struct open_loop *moved = murre_realloc(allocator, n->loops, n->capacity * sizeof *moved, grown * sizeof *moved);
        if (!moved)
            return false;
        n->loops = moved;
        n->capacity = grown;
    }
    n->loops[n->count++] = (struct open_loop){number, 0};
    return true;
}

static void end_block(struct nest *n) {
    uint32_t *blocks = n->count ? &n->loops[n->count - 1].blocks : &n->outside;
    if (*blocks)
        --*blocks;
    else if (n->count)
        n->count--;
}

static void enter_block(struct nest *n) {
    ++*(n->count ? &n->loops[n->count - 1].blocks : &n->outside);
}

uint32_t murre_loop_nest(const struct murre_module_info *info, uint32_t func_index, uint32_t loop, uint32_t *nest, uint32_t capacity) {
    struct murre_error error = {0};
    struct murre_reader r;
    struct nest n = {0};
    uint32_t seen = 0, count = 0;
    struct murre_walk_type type;
    for (uint32_t groups = murre_walk_begin(&r, info, func_index, &error); groups; groups--) {
        uint32_t locals;
        if (!murre_walk_locals(&r, &locals, &type))
            break;
    }
    struct murre_instruction instruction;
    while (murre_reader_left(&r) && murre_walk_next(&r, &instruction)) {
        if (instruction.op == MURRE_OP_LOOP) {
            if (seen++ == loop) {
                count = n.count < capacity ? n.count : capacity;
                for (uint32_t i = 0; i < count; i++)
                    nest[i] = n.loops[n.count - count + i].number;
                break;
            }
            if (!enter_loop(&n, info->arena.allocator, seen - 1))
                break;
        } else if (instruction.op == MURRE_OP_BLOCK || instruction.op == MURRE_OP_IF) {
            enter_block(&n);
        } else if (instruction.op == MURRE_OP_END) {
            end_block(&n);
        }
    }
    murre_free(info->arena.allocator, n.loops, n.capacity * sizeof *n.loops);
    return count;
}
