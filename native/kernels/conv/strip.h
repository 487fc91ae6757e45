#pragma once
#include <cstddef>

#include "kernels/conv/winograd.h"

namespace glpose {

/*
 * The vectorised CPU convolution, once per instruction set (strip.inc compiled with different flags). Plain data
 * and no standard-library types: inline library code compiled for AVX-512 must never be picked by the linker for all.
 */

constexpr int kMostTogether = 16;

/// One strip of rows [row0, row1) of one person's convolution. Rows are output rows; for Winograd multiples of 4.
struct ConvStrip {
  int kernel, height, width, row0, row1;
  // sources
  int sources;
  const float* const* maps;  // [sources]
  const int* in_channels;    // [sources]
  int in_total;              // their sum
  int scale_stride;          // of the widest source
  const float* scales;       // [sources, scale_stride] or null
  int together;              // sources that are packed, and multiplied, together: at most kMostTogether
  // weights, packed by pack_direct or pack_winograd: [taps][in_total][out_stride]
  const float* weights;
  const float* bias;  // [out_stride]
  int out_channels, out_stride;
  // epilogue; pointers to whole maps
  const float* residual;
  int activation;  // as enum class Activation
  const float* gated;
  float* mask;
  float* out;
  float* scratch;  // direct_scratch or winograd_scratch floats, 64-byte aligned
};

struct ConvKernels {
  void (*direct)(const ConvStrip&);
  /// 3×3 only: F(4×4, 3×3), a quarter of the multiplications (Lavin & Gray 2016).
  void (*winograd)(const ConvStrip&);
  /// The processor's ceiling: `rounds` of independent multiply-adds; returns how many floats were multiplied.
  double (*multiply_adds)(long rounds, float* sink);
};

extern const ConvKernels conv_baseline;
#ifdef GLPOSE_X86
extern const ConvKernels conv_avx2, conv_avx512;
#endif
#ifdef GLPOSE_ARM64
extern const ConvKernels conv_neon;
#endif

/// Floats of scratch for a strip of `rows` rows; `in_stride` is that of the sources that are packed together, side by side.
constexpr size_t direct_scratch(int kernel, int rows, int width, int in_stride, int out_stride) {
  const size_t sums = size_t(rows) * width * out_stride;
  return sums + (kernel == 1 ? size_t(in_stride) * out_stride  // scaled weights
                             : size_t(rows + kernel - 1) * (width + kernel - 1) * in_stride);
}
constexpr size_t winograd_scratch(int rows, int width, int in_stride, int out_stride) {
  const int tiles = (rows + kTile - 1) / kTile * ((width + kTile - 1) / kTile);
  return kPatch * kPatch * (winograd_plane(tiles * out_stride) + winograd_plane(tiles * in_stride));
}

}  // namespace glpose
