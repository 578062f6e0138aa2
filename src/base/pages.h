/* Hints to the system about pages. */
#ifndef MURRE_BASE_PAGES_H
#define MURRE_BASE_PAGES_H

#include <stddef.h>

/* size bytes from start on are about to be written one after the other: makes the pages present in one step instead of by a fault each, where
 * that pays. A hint: nothing happens where the system does not know it or memory is short. */
void murre_pages_populate(void *start, size_t size);

#endif
