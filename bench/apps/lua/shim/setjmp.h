/* Stands in for the C library's header, whose contents throw.h makes unnecessary. */
