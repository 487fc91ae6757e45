/*
 * ingest on a GPU (see ingest.h): planes of floats in, pixels of halves and channel means out, in one reading.
 *
 * A block takes 16 channels of one map. A warp reads 32 pixels of a channel at a time, which is what memory likes; through
 * shared memory the block turns 64 pixels around, so that it writes whole pixels. The means need no atomics: each
 * thread keeps the sum of what it read of its two channels, and a warp adds up its own.
 */
#include "kernels/ingest/ingest.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kChannels = kChannelAlign, kChannelsOfWarp = kChannels / kWarps;
constexpr int kPixels = 64;  // turned around at a time

/// Grid: (groups of 16 channels, maps). Block: 256 threads.
__global__ void __launch_bounds__(kThreads, 4) ingest_kernel(IngestGpuArgs a) {
  using Tile = float[kPixels][kChannels + 1];  // + 1: writing a channel and reading a pixel both spread over the banks
  GPU_SHARED(Tile, tile);
  const int c0 = blockIdx.x * kChannels, map = blockIdx.y, stride = channel_stride(a.channels);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  float sums[kChannelsOfWarp] = {};

  for (int p0 = 0; p0 < a.pixels; p0 += kPixels) {
    for (int i = 0; i < kChannelsOfWarp; ++i) {
      const int channel = warp * kChannelsOfWarp + i, c = c0 + channel;
      for (int p = lane; p < kPixels; p += 32) {
        float v = 0;  // padding channels are 0
        if (c < a.channels && p0 + p < a.pixels)
          v = (a.features[(size_t(map) * a.channels + c) * a.pixels + p0 + p] - a.mean[c]) * a.inv_std[c];
        tile[p][channel] = v;
        sums[i] += v;
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < kPixels * kChannels; i += kThreads) {
      const int p = i / kChannels, channel = i % kChannels;
      if (p0 + p < a.pixels) a.maps[map][size_t(p0 + p) * stride + c0 + channel] = to_half(tile[p][channel]);
    }
    __syncthreads();
  }

  for (int i = 0; i < kChannelsOfWarp; ++i) {
    float sum = sums[i];
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(kWholeWarp, sum, step);
    const int c = c0 + warp * kChannelsOfWarp + i;
    if (lane == 0 && c < a.channels) a.embeddings[size_t(map) * a.channels + c] = sum / float(a.pixels);
  }
}

}  // namespace

cudaError_t ingest_gpu(const IngestGpuArgs& args, int count, cudaStream_t stream) {
  return gpu_launch(ingest_kernel, dim3(channel_stride(args.channels) / kChannels, count), dim3(kThreads), 0, stream, args);
}

}  // namespace glpose
