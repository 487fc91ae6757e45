#pragma once
#include <memory>

#include "backend/backend.h"

namespace glpose {

/// @param isa `baseline`, `avx2`, `avx512`, or null for the widest that this processor has. Throws DEVICE otherwise.
std::unique_ptr<Backend> make_cpu_backend(const char* isa = nullptr);

/// Of this machine's processor, on the thread pool.
Ceilings measure_cpu_ceilings();

/// The widest instruction set in use.
const char* cpu_isa();

}  // namespace glpose
