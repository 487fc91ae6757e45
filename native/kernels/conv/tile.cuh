#pragma once
/*
 * What the convolutions on tensor cores share: four warps make tiles of 16 columns of pixels by 8 output channels, over chunks of
 * 16 input channels.
 */
#include "kernels/gpu.h"

namespace glpose {

constexpr int kConvColumns = 16, kConvWarps = 4, kConvThreads = kConvWarps * 32;
constexpr int kConvChunk = 16;  // channels: the depth of one tensor-core step
constexpr int kVector = 8;      // halves of a HalfVector

/// Where a patch pixel's first or second half of a chunk lies in shared memory: every other four pixels have them the other way
/// round, so that eight that are read together hit 32 different banks, and so do four that are written.
__device__ inline int vector_of_patch(int pixel, int half) {
  return pixel * (kConvChunk / kVector) + (half ^ (pixel >> 2 & 1));
}

/// Bytes of shared memory that `store_tiles` needs.
template <int kTiles>
constexpr size_t kSumsBytes = sizeof(float) * kConvWarps * kConvColumns * (kTiles * 8 + 8);

/// Takes the sums of the block's pixels out of the registers: Finish()(args, place, m, column, tile, eight sums) for every row m of
/// the warp. They go through shared memory, so that maps are read and written eight channels at a time.
/// (Finish holds nothing: where a reference to the arguments is kept, the compiler no longer takes them for constant.)
/// @param place of the thread, with its warp and lane  @param room of kSumsBytes, which nobody needs any more
template <class Finish, class Args, class Place, int kRowsOfWarp, int kTiles>
__device__ inline void store_tiles(const Args& args, const Place& place, float (&sums)[kRowsOfWarp][kTiles][4], float* room) {
  constexpr int kSumsOfPixel = kTiles * 8 + 8;  // + 8: eight pixels that are written together hit different banks
  const int lane = place.lane, group = lane / 4, t = lane % 4;
  float* row = room + place.warp * kConvColumns * kSumsOfPixel;
  __syncthreads();  // the last chunk has been used
  GPU_UNROLL  // or the sums would have to leave the registers to be indexed
  for (int m = 0; m < kRowsOfWarp; ++m) {
    GPU_UNROLL
    for (int n = 0; n < kTiles; ++n)
      for (int i = 0; i < 4; ++i) row[(group + i / 2 * 8) * kSumsOfPixel + n * 8 + 2 * t + i % 2] = sums[m][n][i];
    __syncwarp();
    for (int i = lane; i < kConvColumns * kTiles; i += 32) {
      const int column = i / kTiles, n = i % kTiles;
      Finish()(args, place, m, column, n, row + column * kSumsOfPixel + n * 8);
    }
    __syncwarp();
  }
}

}  // namespace glpose
