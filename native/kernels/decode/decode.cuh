#pragma once
#include "kernels/decode/decode.h"
#include "kernels/gpu.h"

namespace glpose {

/// DecodeArgs as the kernel takes them; every pointer is to device memory.
struct DecodeGpuArgs {
  int joints, height, width;
  DecodeMethod method;
  const Half* const* heatmaps;  // [B]
  float* out;                   // [B, K, 3]
};

cudaError_t decode_gpu(const DecodeGpuArgs& args, int people, cudaStream_t stream);

}  // namespace glpose
