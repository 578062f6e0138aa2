/* For the compiler: what MIR calls registers of x86-64 that other parts fix as well; how far direct calls reach. */
#include "arch/arch.h"

const char *const murre_arch_mir_memory_register = "r15";
const int murre_arch_frame_func = -8; /* as MIR_set_frame_arg has it */
const size_t murre_arch_call_reach = (size_t)1900 << 20;
const size_t murre_arch_call_probe_step = (size_t)64 << 20;
