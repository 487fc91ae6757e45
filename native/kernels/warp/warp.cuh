#pragma once
#include "kernels/gpu.h"
#include "kernels/warp/warp.h"

namespace glpose {

/// WarpArgs as the kernel takes them; every pointer is to device memory.
struct WarpGpuArgs {
  int height, width, channels;
  const Half* const* from;          // [N]
  Half* const* to;                  // [N]
  const WarpTransform* transforms;  // [N]
};

cudaError_t warp_gpu(const WarpGpuArgs& args, int count, cudaStream_t stream);

}  // namespace glpose
