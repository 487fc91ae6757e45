#pragma once
#include <cstddef>

#include "kernels/conv/winograd.h"

namespace glpose {

/*
 * The vectorised convolution of one map, once per instruction set (strip.inc compiled with different flags). Plain data only:
 * see conv/strip.h.
 *
 * Weights lie in blocks of output channels, 48 wide while that leaves no 16 alone: [block][ky, kx][in_channels][width of the block],
 * so that a block begins at in_channels · kernel² · (its first channel). Depthwise: [ky, kx][out_stride].
 */

/// Width of the block that begins at output channel `first`: 48, 32 or 16.
constexpr int block_width(int first, int out_stride) {
  const int left = out_stride - first;
  return left == 64 || left == 32 ? 32 : left >= 48 ? 48 : 16;
}
constexpr int kWidestBlock = 48;

/// Rows [row0, row1) of one image's output; for Winograd multiples of 4.
struct Conv2dStrip {
  int kernel, stride, pad_top, pad_left;
  int in_height, in_width, in_channels, in_stride;
  int height, width, out_channels, out_stride;
  int row0, row1;
  const float* source;
  const float* weights;           // as above
  const float* winograd_weights;  // as `winograd_weights` makes them
  const float* bias;              // [out_stride]
  const float* addend;            // or null
  float* out;
  bool sigmoid;
  float low, high;
  bool zero_moves;  // the above make something else of 0, so that padding channels must be cleared
  float* scratch;  // as the functions below say, 64-byte aligned
};

struct Conv2dKernels {
  /// Any kernel and stride; what it needs of the source is copied row by row, so that its values lie one after the other.
  void (*direct)(const Conv2dStrip&);
  /// 1×1, stride 1, no padding: reads the map where it lies. No scratch.
  void (*pointwise)(const Conv2dStrip&);
  /// No scratch.
  void (*depthwise)(const Conv2dStrip&);
  /// 3×3, stride 1.
  void (*winograd)(const Conv2dStrip&);
  /// G w Gᵀ of input channels [first, last) of a block: [9][channels][width] → [36][channels][width]. As the weights of a large
  /// network in this form would take four times the memory, they are made anew for every pass, while its maps are in the caches.
  void (*winograd_weights)(const float* block, int channels, int width, int first, int last, float* to);
};

extern const Conv2dKernels conv2d_baseline;
#ifdef GLPOSE_X86
extern const Conv2dKernels conv2d_avx2, conv2d_avx512;
#endif
#ifdef GLPOSE_ARM64
extern const Conv2dKernels conv2d_neon;
#endif

/// Floats of a copied row, and of scratch for a strip of `rows` output rows.
constexpr size_t direct_row(int kernel, int stride, int width, int in_channels) {
  return (size_t((width - 1) * stride + kernel) * in_channels + 15) / 16 * 16;
}
constexpr size_t direct_scratch(int kernel, int stride, int rows, int width, int in_channels) {
  return ((rows - 1) * stride + kernel) * direct_row(kernel, stride, width, in_channels);
}
constexpr size_t winograd_scratch(int rows, int width, int in_stride) {
  const int tiles = (rows + kTile - 1) / kTile * ((width + kTile - 1) / kTile);
  return kPatch * kPatch * (winograd_plane(tiles * in_stride) + winograd_plane(tiles * kWidestBlock));
}

}  // namespace glpose
