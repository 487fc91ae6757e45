#pragma once
#include <memory>

#include "backend/backend.h"
#include "kernels/for_this_cpu.h"

namespace glpose {

/// Throws DEVICE where this processor has no such instruction set.
std::unique_ptr<Backend> make_cpu_backend(Isa isa = widest_isa());

/// Of this machine's processor, on the thread pool.
Ceilings measure_cpu_ceilings();

/// The widest instruction set in use.
const char* cpu_isa();

}  // namespace glpose
