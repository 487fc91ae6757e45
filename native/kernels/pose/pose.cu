/*
 * pose on a GPU (see pose.h): one warp a joint. Where the caller does not know the joint's place, the warp looks for the person in a small
 * map that lies in the cache; then for the joint's cell.
 */
#include "kernels/argmax.cuh"
#include "kernels/pose/pose.cuh"

namespace glpose {
namespace {

constexpr int kWarps = 4;

/// Grid: (groups of 4 joints, images). Block: 128 threads.
__global__ void __launch_bounds__(kWarps * 32) pose_kernel(PoseGpuArgs a) {
  const int joint = blockIdx.x * kWarps + threadIdx.x / 32, image = blockIdx.y, joints = a.size.channels;
  if (joint >= joints) return;  // whole warps
  const int width = a.size.width, cells = a.size.height * width;
  const float height_cells = float(a.size.height), width_cells = float(width);
  const auto distance_to = [&](int cell, float y, float x) {
    const float dy = float(cell / width) - y, dx = float(cell % width) - x;
    return sqrtf(dy * dy + dx * dx);
  };

  const Half* expected = a.expected[image] + 3 * joint;
  const bool known = to_float(expected[2]) > 0.5f;
  float y = to_float(expected[0]) * height_cells, x = to_float(expected[1]) * width_cells;
  if (!known) {
    const Half* center = a.center[image];
    const int person = best_of_warp(cells, [&](int cell) {
                         const float sure = 1.f / (1.f + expf(-to_float(center[size_t(cell) * channel_stride(1)])));
                         return sure / (distance_to(cell, 0.5f * height_cells, 0.5f * width_cells) + a.trust.offset);
                       }).cell;
    const Half* regress = a.regress[image] + size_t(person) * channel_stride(2 * joints) + 2 * joint;
    y = float(person / width) + to_float(regress[0]);
    x = float(person % width) + to_float(regress[1]);
  }

  const Half* heat = a.heatmaps[image] + joint;
  const int stride = channel_stride(joints);
  const int cell = best_of_warp(cells, [&](int cell) {
                     const float distance = distance_to(cell, y, x);
                     const float trusted = a.trust.softness / (distance + a.trust.softness);
                     return to_float(heat[size_t(cell) * stride]) *
                            (known ? trusted * trusted : 1.f / (distance + a.trust.offset));
                   }).cell;
  if (threadIdx.x % 32 != 0) return;
  const Half* offset = a.offsets[image] + size_t(cell) * channel_stride(2 * joints) + 2 * joint;
  float* out = a.out + (size_t(image) * joints + joint) * kPoseNumbers;
  out[0] = float(cell % width) + to_float(offset[1]);
  out[1] = float(cell / width) + to_float(offset[0]);
  out[2] = to_float(heat[size_t(cell) * stride]);
  out[3] = x;
  out[4] = y;
}

}  // namespace

cudaError_t pose_gpu(const PoseGpuArgs& args, int batch, cudaStream_t stream) {
  return gpu_launch(pose_kernel, dim3((args.size.channels + kWarps - 1) / kWarps, batch), dim3(kWarps * 32), 0, stream, args);
}

}  // namespace glpose
