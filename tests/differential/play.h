/* Plays a module: makes instances of it, calls what it exports, and records everything that can be seen.
 *
 * Twice each exported function is called in an instance of its own, so that what one has used up (generated modules carry fuel) does not
 * starve the others; then all of them in turn, in one instance. In tier auto there is a pause after the first time, in which the compiler
 * finishes: later calls find its code. */
#ifndef MURRE_DIFFERENTIAL_PLAY_H
#define MURRE_DIFFERENTIAL_PLAY_H

#include "record.h"

/* Keeps no reference to the module. settle: wait for the compiler. */
void play_module(struct murre_engine *engine, struct murre_module *module, bool settle, struct record *record);

#endif
