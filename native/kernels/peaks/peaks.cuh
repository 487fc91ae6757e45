#pragma once
#include "kernels/gpu.h"
#include "kernels/peaks/peaks.h"

namespace glpose {

/// PeaksArgs as the kernel takes them; every pointer is to device memory.
struct PeaksGpuArgs {
  int joints, height, width;
  const Half* const* heatmaps;  // [B]
  const Half* const* offsets;   // [B] or null
  float* out;                   // [B, K, kMostPeaks, 3]
};

cudaError_t peaks_gpu(const PeaksGpuArgs& args, int people, cudaStream_t stream);

}  // namespace glpose
