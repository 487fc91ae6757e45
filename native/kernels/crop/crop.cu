/*
 * crop on a GPU (see crop.h): windows of images become maps of halves; one thread a pixel of a crop, its three colours and the padding
 * behind them. Neighbouring threads read neighbouring pixels of the image, whose lines the cache keeps for the next row, and write
 * neighbouring ones. Places are found in float64, as on the CPU: a few operations a pixel, which a window of a large image needs.
 */
#include "kernels/crop/crop.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256, kColours = 3;
constexpr int kVectors = channel_stride(kColours) * sizeof(Half) / sizeof(HalfVector);

/// Grid: (groups of 256 pixels, windows). Block: 256 threads.
__global__ void __launch_bounds__(kThreads) crop_kernel(CropGpuArgs a) {
  const int pixel = blockIdx.x * kThreads + threadIdx.x;
  if (pixel >= a.height * a.width) return;
  const ImageWindow window = a.windows[blockIdx.y];
  const int x = pixel % a.width, y = pixel / a.width, column = window.mirrored ? a.width - 1 - x : x;
  const double step = window.width / a.width;
  const CropTap across = crop_tap(window.x, step, column, a.width, window.image_width);
  const CropTap down = crop_tap(window.y, step, y, a.height, window.image_height);
  const uint8_t* above = window.image + size_t(down.at0) * window.image_width * kColours;
  const uint8_t* below = window.image + size_t(down.at1) * window.image_width * kColours;

  HalfVector out[kVectors] = {};  // padding channels are 0
  GPU_UNROLL
  for (int c = 0; c < kColours; ++c) {
    const int left = across.at0 * kColours + c, right = across.at1 * kColours + c;
    // First down, then across, as on the CPU.
    const float mixed_left = down.w0 * float(above[left]) + down.w1 * float(below[left]);
    const float mixed_right = down.w0 * float(above[right]) + down.w1 * float(below[right]);
    const float value = across.w0 * mixed_left + across.w1 * mixed_right;
    out[0].value[c] = to_half((value - a.mean[c]) * a.inv_std[c]);
  }
  HalfVector* to = reinterpret_cast<HalfVector*>(a.out[blockIdx.y]) + size_t(pixel) * kVectors;
  GPU_UNROLL
  for (int v = 0; v < kVectors; ++v) to[v] = out[v];
}

}  // namespace

cudaError_t crop_gpu(const CropGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid(unsigned((args.height * args.width + kThreads - 1) / kThreads), batch);
  return gpu_launch(crop_kernel, grid, dim3(kThreads), 0, stream, args);
}

}  // namespace glpose
