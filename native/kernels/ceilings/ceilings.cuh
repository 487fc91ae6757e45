#pragma once
#include "kernels/gpu.h"

namespace glpose {

/// Keeps every tensor core of a device busy: `rounds` products of tensor_core_multiply<kCeilingTiles> by each warp.
/// @param sink a float a thread, so that nothing is left out
constexpr int kCeilingTiles = 8, kCeilingThreads = 256;
cudaError_t multiply_gpu(float* sink, int rounds, int blocks, cudaStream_t stream);

}  // namespace glpose
