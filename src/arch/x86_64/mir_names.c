/* What MIR calls registers of x86-64 that other parts fix as well. */
#include "arch/arch.h"

const char *const murre_arch_mir_memory_register = "r15";
