/*
 * decode on a GPU (see decode.h): one warp a heat map, which finds the best pixel (argmax.cuh); lane 0 refines. Three floats a joint
 * leave.
 */
#include "kernels/argmax.cuh"
#include "kernels/decode/decode.cuh"
#include "kernels/decode/refine.h"

namespace glpose {
namespace {

constexpr int kWarps = 4;

/// Grid: (groups of 4 joints, people). Block: 128 threads.
__global__ void __launch_bounds__(kWarps * 32, 4) decode_kernel(DecodeGpuArgs a) {
  const int joint = blockIdx.x * kWarps + threadIdx.x / 32, person = blockIdx.y, lane = threadIdx.x % 32;
  if (joint >= a.joints) return;  // whole warps
  const int pixels = a.height * a.width, stride = channel_stride(a.joints);
  const Half* map = a.heatmaps[person] + joint;

  const auto [score, best] = best_of_warp(pixels, [&](int p) { return to_float(map[size_t(p) * stride]); });
  if (lane != 0) return;

  float* out = a.out + (size_t(person) * a.joints + joint) * 3;
  const bool found = score > 0;
  const int x = best % a.width, y = best / a.width;
  float place[2] = {found ? float(x) : 0.f, found ? float(y) : 0.f};
  const auto at = [&](int x, int y) { return to_float(map[(size_t(y) * a.width + x) * stride]); };
  if (found && a.method == DecodeMethod::quarter) quarter_step(at, a.height, a.width, x, y, place);
  if (found && a.method == DecodeMethod::dark) dark_step(at, a.height, a.width, x, y, place);
  out[0] = place[0];
  out[1] = place[1];
  out[2] = score;
}

}  // namespace

cudaError_t decode_gpu(const DecodeGpuArgs& args, int people, cudaStream_t stream) {
  return gpu_launch(decode_kernel, dim3((args.joints + kWarps - 1) / kWarps, people), dim3(kWarps * 32), 0, stream, args);
}

}  // namespace glpose
