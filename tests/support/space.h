/* Short address space, for tests of what gives way then. */
#ifndef MURRE_TESTS_SPACE_H
#define MURRE_TESTS_SPACE_H

#include <stdint.h>

/* From now on new mappings of this process find room for about extra bytes in all. By RLIMIT_AS; where that is ignored (under emulation) by
 * mapping everything else, which wants a space of at most a terabyte. Once, until it is restored. */
void test_shorten_space(uint64_t extra);
void test_restore_space(void);

#endif
