/* Reads as much as possible of a module that cannot be run because it needs features that murre lacks, or because it is malformed or invalid. Knows
 * the binary format of every proposal of opcode.h, independently of the decoder; checks nothing. */
#ifndef MURRE_WASM_SURVEY_H
#define MURRE_WASM_SURVEY_H

#include "wasm/module.h"

/* All features that sections and bodies use, as far as they can be read. */
murre_features murre_survey_features(const uint8_t *bytes, size_t size);
/* The same, and fills info with sections, types, imports, functions with their bodies, exports and so on: to look at only. What could not be
 * read is missing; indices in exports may be out of range. Anything else is in range: an unknown type is the one behind the last, which is
 * empty. False, with nothing in info, when memory is short. */
bool murre_survey_module(struct murre_module_info *info, const uint8_t *bytes, size_t size, const struct murre_allocator *allocator);

#endif
