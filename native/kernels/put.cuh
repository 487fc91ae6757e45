#pragma once
#include "kernels/gpu.h"
#include "kernels/put.h"

namespace glpose {

/// PutArgs as the kernel takes them; every pointer is to device memory.
struct PutGpuArgs {
  int channels, pixels;
  const float* features;  // [N, C, pixels]
  const float* mean;      // [C]
  const float* inv_std;   // [C]
  Half* const* maps;      // [N]
  float* embeddings;      // [N, C]
};

cudaError_t put_gpu(const PutGpuArgs& args, int count, cudaStream_t stream);

}  // namespace glpose
