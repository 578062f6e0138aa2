/* Reading types (binary format, 5.3). A type that belongs to a feature murre has not got sets MURRE_ERROR_UNSUPPORTED with its name. */
#ifndef MURRE_WASM_TYPES_H
#define MURRE_WASM_TYPES_H

#include "wasm/module.h"
#include "wasm/reader.h"

bool murre_read_valtype(struct murre_reader *r, murre_features supported, murre_valtype *type);
bool murre_read_reftype(struct murre_reader *r, murre_features supported, murre_valtype *type);
/* The immediate of ref.null. */
bool murre_read_heaptype(struct murre_reader *r, murre_features supported, murre_valtype *type);
/* Reads flags, minimum and maximum. what: "memory" or "table", for messages. */
bool murre_read_limits(struct murre_reader *r, const char *what, struct murre_limits *limits);
bool murre_reader_unsupported(struct murre_reader *r, uint64_t offset, enum murre_feature feature); /* returns false */
bool murre_reader_invalid(struct murre_reader *r, uint64_t offset, const char *format, ...)         /* returns false */
    __attribute__((format(printf, 3, 4)));

#endif
