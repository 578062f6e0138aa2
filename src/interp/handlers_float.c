/* Handlers: float instructions of two operands, comparisons with their branches; everything of one operand. */
#include "interp/body_float.h"

#define OP(name) HANDLER(name)
#define PLAIN(name)
#define PAIR(first, second)
#define TRIPLE(first, second, third)
#define QUAD(first, second, third, fourth)
#define BINARY(id, type, expr)
#define RARE_BINARY(id, type, expr)
#define COMPARE(id, type, expr)
#define TEST(id, type, expr)
#define LOAD(id, type, mem)
#define STORE(id, type, mem)
#define VECTOR(id)
#define VECTOR_ACCESS(id)
#include "interp/ops.def"
