#pragma once
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/gpu.h"

namespace glpose {

/// Conv2dArgs as the kernels take them; every pointer is to device memory, tables [batch].
struct Conv2dGpuArgs {
  int stride, pad_top, pad_left;
  int in_height, in_width, in_stride;  // in_stride: halves from pixel to pixel of the source
  int height, width, out_channels, out_stride;
  const Half* const* source;
  const Half* weights;          // pack_tensor_core's of conv.cuh, for a side of padded_side; depthwise [taps, out_stride]
  const float* bias;            // [out_stride]
  const Half* const* addend;    // or null
  Half* const* out;
  LayerEnd end;
  int many_blocks;  // that keep a device busy
};

/// The side of the kernel that conv2d_gpu runs for a smaller one, whose weights are filled up with zeros below and to the right.
constexpr int padded_side(int side) { return side <= 1 ? 1 : side <= 3 ? 3 : 7; }
static_assert(padded_side(kLargestKernel) == kLargestKernel, "every kernel is run");

/// @param side 1, 3 or 7
cudaError_t conv2d_gpu(const Conv2dGpuArgs& args, int side, int batch, cudaStream_t stream);

/// Every channel by itself. @param side of the kernel, not padded
cudaError_t depthwise_gpu(const Conv2dGpuArgs& args, int side, int batch, cudaStream_t stream);

}  // namespace glpose
