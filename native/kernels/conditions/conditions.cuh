#pragma once
#include "kernels/conditions/conditions.h"
#include "kernels/gpu.h"

namespace glpose {

/// ConditionsArgs as the kernel takes them; every pointer is to device memory.
struct ConditionsGpuArgs {
  int height, width, k, people;
  const float* points;  // [N, 1 + 2k, O, J, 2]
  Half* const* out;     // [N]
};

cudaError_t conditions_gpu(const ConditionsGpuArgs& args, int count, cudaStream_t stream);

}  // namespace glpose
