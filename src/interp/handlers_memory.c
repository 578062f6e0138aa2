/* Handlers: loads and stores. */
#include "interp/body_memory.h"

#define OP(name) HANDLER(name)
#define PLAIN(name)
#define PAIR(first, second)
#define TRIPLE(first, second, third)
#define QUAD(first, second, third, fourth)
#define BINARY(id, type, expr)
#define RARE_BINARY(id, type, expr)
#define COMPARE(id, type, expr)
#define TEST(id, type, expr)
#define FBINARY(id, type, expr)
#define FCOMPARE(id, type, expr)
#define UNARY(id, result, type, expr)
#define RARE_FBINARY(id, type, expr)
#define RARE_UNARY(id, result, type, expr)
#define VECTOR(id)
#define VECTOR_ACCESS(id)
#include "interp/ops.def"
