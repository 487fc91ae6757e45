#pragma once
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/gpu.h"

namespace glpose {

/// 16 input channels of one source map: one step of the product's depth.
struct ConvChunk {
  int source, channel, stride;  // stride: halves from pixel to pixel of that source
};

/// ConvArgs as the kernel takes them; every pointer is to device memory, tables as in ConvArgs.
struct ConvGpuArgs {
  int height, width, source_count, scale_stride, chunk_count, out_stride;
  const Half* const* sources;
  const float* scales;
  const ConvChunk* chunks;      // [chunk_count]
  const Half* weights;          // of pack_tensor_core
  const float* bias;            // [out_stride]
  const Half* const* residual;  // or null
  Activation activation;
  const Half* const* gated;
  Half* const* mask;  // or null
  Half* const* out;
  int many_blocks;  // that keep a device busy
};

std::vector<ConvChunk> conv_chunks(const ConvWeights& weights);

/// Weights in the order in which a tensor core's lanes take them:
/// [chunk, pair of tiles, tap, lane, tile, {(2t, group), (2t + 1, group), (2t + 8, group), (2t + 9, group)}].
std::vector<Half> pack_tensor_core(const ConvWeights& weights);

cudaError_t conv_gpu(const ConvGpuArgs& args, int side, int batch, cudaStream_t stream);

}  // namespace glpose
