#pragma once
#include <memory>

#include "backend/backend.h"

namespace glpose {

/// @param isa `baseline`, `avx2`, `avx512`, or null for the widest that this processor has. Throws DEVICE otherwise.
std::unique_ptr<Backend> make_cpu_backend(const char* isa = nullptr);

/// What this machine's processor can do at most, measured on the thread pool.
struct CpuCeilings {
  double gflops;          // multiply-adds of floats, two operations each
  double copy_gb_per_s;   // memory read and written, of blocks beyond the caches
};
CpuCeilings measure_cpu_ceilings();

/// The widest instruction set in use.
const char* cpu_isa();

}  // namespace glpose
