/*
 * conditions on a GPU (see conditions.h): one thread eight channels of a cell, one store. The threads of a warp are cells of the
 * same channels: they go through the same points, each of which one load brings to all of them.
 */
#include "kernels/conditions/conditions.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 128, kVector = 8;

/// The largest exponent −d² / 2σ² of a channel's points; −∞ where none is known.
__device__ inline float exponent_of(const ChannelPoints& points, float x, float y, float sharpness) {
  float nearest = INFINITY;
  const float* point = points.first;
  for (int i = 0; i < points.count; ++i, point += points.step) {
    const float across = x - point[0], down = y - point[1];
    nearest = fminf(nearest, across * across + down * down);  // of a number and a NaN, the number
  }
  return -nearest * sharpness;
}

/// Grid: (groups of 128 cells, vectors of a pixel, maps). Block: 128 threads.
__global__ void __launch_bounds__(kThreads) conditions_kernel(ConditionsGpuArgs a) {
  const int cell = blockIdx.x * kThreads + threadIdx.x, vector = blockIdx.y, n = blockIdx.z;
  if (cell >= a.height * a.width) return;
  const float* points = a.points + size_t(n) * (1 + 2 * a.k) * a.people * kConditionJoints * 2;
  const float x = float(cell % a.width), y = float(cell / a.width), sharpness = sharpness_of(a.height);
  HalfVector out;
  for (int i = 0; i < kVector; ++i) {
    const int channel = vector * kVector + i;
    const bool real = channel < condition_channels(a.k);
    out.value[i] = to_half(real ? expf(exponent_of(points_of_channel(points, a.people, channel), x, y, sharpness)) : 0.f);
  }
  const int stride = channel_stride(condition_channels(a.k)) / kVector;
  reinterpret_cast<HalfVector*>(a.out[n])[size_t(cell) * stride + vector] = out;
}

}  // namespace

cudaError_t conditions_gpu(const ConditionsGpuArgs& args, int count, cudaStream_t stream) {
  const int cells = args.height * args.width, vectors = channel_stride(condition_channels(args.k)) / kVector;
  return gpu_launch(conditions_kernel, dim3((cells + kThreads - 1) / kThreads, vectors, count), dim3(kThreads), 0, stream,
                    args);
}

}  // namespace glpose
