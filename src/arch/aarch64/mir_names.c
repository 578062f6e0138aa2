/* For the compiler: what MIR calls registers of AArch64 that other parts fix as well; how far direct calls reach. */
#include "arch/arch.h"

const char *const murre_arch_mir_memory_register = "r27";
const int murre_arch_frame_func = 16; /* as MIR_set_frame_arg has it */
/* bl reaches 128 MiB; the rest is for this library's own text. */
const size_t murre_arch_call_reach = (size_t)120 << 20;
const size_t murre_arch_call_probe_step = (size_t)8 << 20;
