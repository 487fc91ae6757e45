#pragma once
#include "kernels/gpu.h"
#include "kernels/pose/pose.h"

namespace glpose {

/// PoseArgs as the kernel takes them; every pointer is to device memory, tables [batch].
struct PoseGpuArgs {
  MapSize size;
  PoseTrust trust;
  const Half *const *heatmaps, *const *offsets, *const *regress, *const *center, *const *expected;
  float* out;  // [N, Q, kPoseNumbers]
};

cudaError_t pose_gpu(const PoseGpuArgs& args, int batch, cudaStream_t stream);

}  // namespace glpose
