/*
 * warp on a GPU (see warp.h): one thread a channel of an output cell. Neighbouring threads are neighbouring channels, so
 * that the four cells are read and the output is written in whole lines; the cells' second and later readings, by the
 * output cells around, come from the cache. Bound by memory: a map is read once and written once.
 */
#include "kernels/warp.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256;

/// Grid: (groups of 256 elements of a map, maps). Block: 256 threads.
__global__ void __launch_bounds__(kThreads) warp_kernel(WarpGpuArgs a) {
  const int stride = channel_stride(a.channels), element = blockIdx.x * kThreads + threadIdx.x, n = blockIdx.y;
  if (element >= a.height * a.width * stride) return;
  const int c = element % stride, x = element / stride % a.width, y = element / stride / a.width;
  const WarpTransform t = a.transforms[n];
  const float from_x = t.scale * float(x) + t.shift_x, from_y = t.scale * float(y) + t.shift_y;
  const float left = floorf(from_x), top = floorf(from_y);

  float sum = 0;
  for (int corner = 0; corner < 4; ++corner) {
    const float column = left + float(corner % 2), row = top + float(corner / 2);
    // Compared as floats: a window far away would overflow an int.
    if (!(column >= 0 && column < float(a.width) && row >= 0 && row < float(a.height))) continue;
    const float across = corner % 2 ? from_x - left : 1 - (from_x - left);
    const float down = corner / 2 ? from_y - top : 1 - (from_y - top);
    const float weight = across * down;
    sum += weight * to_float(a.from[n][(size_t(row) * a.width + size_t(column)) * stride + c]);
  }
  a.to[n][element] = to_half(sum);
}

}  // namespace

cudaError_t warp_gpu(const WarpGpuArgs& args, int count, cudaStream_t stream) {
  const int elements = args.height * args.width * channel_stride(args.channels);
  return gpu_launch(warp_kernel, dim3((elements + kThreads - 1) / kThreads, count), dim3(kThreads), stream, args);
}

}  // namespace glpose
