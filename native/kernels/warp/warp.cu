/*
 * warp on a GPU (see warp.h): one thread eight channels of an output cell, which one load of each of the four cells brings.
 * Neighbouring threads are neighbouring channels, so that whole lines are read and written; the cells' second and later
 * readings, by the output cells around, come from the cache. Bound by memory: a map is read once and written once.
 */
#include "kernels/warp/warp.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256, kVector = 8;

/// Grid: (groups of 256 vectors of a map, maps). Block: 256 threads.
__global__ void __launch_bounds__(kThreads) warp_kernel(WarpGpuArgs a) {
  const int stride = channel_stride(a.channels) / kVector, element = blockIdx.x * kThreads + threadIdx.x, n = blockIdx.y;
  if (element >= a.height * a.width * stride) return;
  const int c = element % stride, x = element / stride % a.width, y = element / stride / a.width;
  const WarpTransform t = a.transforms[n];
  const HalfVector* from = reinterpret_cast<const HalfVector*>(a.from[n]);
  const float from_x = t.scale * float(x) + t.shift_x, from_y = t.scale * float(y) + t.shift_y;
  const float left = floorf(from_x), top = floorf(from_y);

  HalfVector cells[4];
  float weights[4];
  GPU_UNROLL
  for (int corner = 0; corner < 4; ++corner) {
    const float column = left + float(corner % 2), row = top + float(corner / 2);
    const float across = corner % 2 ? from_x - left : 1 - (from_x - left);
    const float down = corner / 2 ? from_y - top : 1 - (from_y - top);
    // Compared as floats: a window far away would overflow an int.
    const bool inside = column >= 0 && column < float(a.width) && row >= 0 && row < float(a.height);
    weights[corner] = across * down;
    cells[corner] = inside ? from[(size_t(row) * a.width + size_t(column)) * stride + c] : HalfVector{};
  }
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) {
    float sum = 0;
    GPU_UNROLL
    for (int corner = 0; corner < 4; ++corner) sum += weights[corner] * to_float(cells[corner].value[i]);
    out.value[i] = to_half(sum);
  }
  reinterpret_cast<HalfVector*>(a.to[n])[element] = out;
}

}  // namespace

cudaError_t warp_gpu(const WarpGpuArgs& args, int count, cudaStream_t stream) {
  const int vectors = args.height * args.width * channel_stride(args.channels) / kVector;
  return gpu_launch(warp_kernel, dim3((vectors + kThreads - 1) / kThreads, count), dim3(kThreads), 0, stream, args);
}

}  // namespace glpose
