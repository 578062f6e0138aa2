/* Handlers: integer instructions of two operands, comparisons, and the branches that are fused with them. */
#include "interp/body_integer.h"

#define OP(name) HANDLER(name)
#define PLAIN(name)
#define PAIR(first, second)
#define TRIPLE(first, second, third)
#define QUAD(first, second, third, fourth)
#define FBINARY(id, type, expr)
#define FCOMPARE(id, type, expr)
#define UNARY(id, result, type, expr)
#define RARE_FBINARY(id, type, expr)
#define RARE_UNARY(id, result, type, expr)
#define LOAD(id, type, mem)
#define STORE(id, type, mem)
#define VECTOR(id)
#define VECTOR_ACCESS(id)
#include "interp/ops.def"
