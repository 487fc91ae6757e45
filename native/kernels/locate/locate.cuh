#pragma once
#include "kernels/gpu.h"
#include "kernels/locate/locate.h"

namespace glpose {

/// LocateArgs as the kernel takes them; every pointer is to device memory, tables [batch].
struct LocateGpuArgs {
  MapSize size;
  float offset;
  const Half *const *heatmaps, *const *regress, *const *center, *const *expected;
  Half* const* out;
};

cudaError_t locate_gpu(const LocateGpuArgs& args, int batch, cudaStream_t stream);

}  // namespace glpose
