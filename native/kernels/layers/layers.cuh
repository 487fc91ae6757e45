#pragma once
#include "kernels/gpu.h"
#include "kernels/layers/layers.h"

namespace glpose {

/*
 * The arguments of layers.h as the kernels take them; every pointer is to device memory, tables [batch]. Shapes as there.
 */

constexpr int kHalvesOfVector = sizeof(HalfVector) / sizeof(Half);

/// Eight channels from c on as they leave a layer of `channels`; padding becomes 0.
__device__ inline HalfVector finished(const LayerEnd& end, float (&x)[kHalvesOfVector], int c, int channels) {
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kHalvesOfVector; ++i) {
    const float value = end.sigmoid ? 1.f / (1.f + expf(-x[i])) : fminf(fmaxf(x[i], end.low), end.high);
    out.value[i] = to_half(end.zero_moves() && c + i >= channels ? 0.f : value);
  }
  return out;
}

struct LoadGpuArgs {
  MapSize size;
  const float* planes;  // [N, C, h, w]
  Half* const* out;
};
cudaError_t load_gpu(const LoadGpuArgs& args, int batch, cudaStream_t stream);

struct UnloadGpuArgs {
  MapSize size;
  const Half* const* source;
  float* planes;  // [N, C, h, w]
};
cudaError_t unload_gpu(const UnloadGpuArgs& args, int batch, cudaStream_t stream);

struct SumGpuArgs {
  static constexpr int kMostTerms = 8;
  struct Term {
    const Half* const* map;
    int factor;
  };
  MapSize size;
  Term terms[kMostTerms];
  int count;
  Half* const* out;  // may be a term of factor 1
  LayerEnd end;
};
cudaError_t sum_gpu(const SumGpuArgs& args, int batch, cudaStream_t stream);

struct ProductGpuArgs {
  MapSize size;
  const Half *const *a, *const *b;
  Half* const* out;
};
cudaError_t product_gpu(const ProductGpuArgs& args, int batch, cudaStream_t stream);

/// One source of a concatenation.
struct ConcatGpuArgs {
  int pixels, channels, first, out_stride;  // its channels become those from `first` on
  int written;                              // channels that are written; beyond its own, zeros: the padding behind the last source
  const Half* const* source;
  Half* const* out;
};
cudaError_t concat_gpu(const ConcatGpuArgs& args, int batch, cudaStream_t stream);

struct ResizeGpuArgs {
  MapSize in;
  int height, width;
  const AxisTap *rows, *columns;
  const Half* const* source;
  Half* const* out;
};
cudaError_t resize_gpu(const ResizeGpuArgs& args, int batch, cudaStream_t stream);

struct PoolGpuArgs {
  MapSize in;
  int height, width;
  bool max;
  int kernel_height, kernel_width, stride, pad_top, pad_left;
  const Half* const* source;
  Half* const* out;
};
cudaError_t pool_gpu(const PoolGpuArgs& args, int batch, cudaStream_t stream);

}  // namespace glpose
