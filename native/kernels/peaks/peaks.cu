/*
 * peaks on a GPU (see peaks.h): one warp a heat map. Lanes look at 32 cells side by side. The peaks among them, of which there are few,
 * go into a list in order that the warp keeps in registers: lane i has the i-th best so far, and those behind a new one move up by one.
 */
#include "kernels/decode/refine.h"
#include "kernels/peaks/peaks.cuh"

namespace glpose {
namespace {

constexpr int kWarps = 4;
static_assert(kMostPeaks <= 32, "a lane for each");

/// Grid: (groups of 4 joints, people). Block: 128 threads.
__global__ void __launch_bounds__(kWarps * 32) peaks_kernel(PeaksGpuArgs a) {
  const int joint = blockIdx.x * kWarps + threadIdx.x / 32, person = blockIdx.y, lane = threadIdx.x % 32;
  if (joint >= a.joints) return;  // whole warps
  const int cells = a.height * a.width, stride = channel_stride(a.joints);
  const Half* map = a.heatmaps[person] + joint;
  const auto at = [&](int x, int y) { return to_float(map[size_t(y * a.width + x) * stride]); };

  float score = 0;  // 0: none yet
  int peak = 0;
  for (int first = 0; first < cells; first += 32) {
    const int cell = first + lane, x = cell % a.width, y = cell / a.width;
    const float value = cell < cells ? at(x, y) : 0.f;
    const bool is_peak = value > kLowestPeak && is_highest(at, a.height, a.width, x, y);
    for (unsigned some = __ballot_sync(kWholeWarp, is_peak); some != 0; some &= some - 1) {
      const int from = __ffs(int(some)) - 1;
      const float added = __shfl_sync(kWholeWarp, value, from);
      const float before_score = __shfl_up_sync(kWholeWarp, score, 1);
      const int before_peak = __shfl_up_sync(kWholeWarp, peak, 1);
      if (score >= added) continue;  // equals: the earlier cell
      const bool first_behind = lane == 0 || before_score >= added;
      score = first_behind ? added : before_score;
      peak = first_behind ? first + from : before_peak;
    }
  }
  if (lane >= kMostPeaks) return;

  float* out = a.out + ((size_t(person) * a.joints + joint) * kMostPeaks + lane) * 3;
  float place[2] = {};
  if (score > 0) {
    const int x = peak % a.width, y = peak / a.width;
    place[0] = float(x);
    place[1] = float(y);
    if (a.offsets) {
      const Half* offset = a.offsets[person] + size_t(peak) * channel_stride(2 * a.joints) + 2 * joint;
      place[0] += to_float(offset[1]);
      place[1] += to_float(offset[0]);
    } else {
      quarter_step(at, a.height, a.width, x, y, place);
    }
  }
  out[0] = place[0];
  out[1] = place[1];
  out[2] = score;
}

}  // namespace

cudaError_t peaks_gpu(const PeaksGpuArgs& args, int people, cudaStream_t stream) {
  return gpu_launch(peaks_kernel, dim3((args.joints + kWarps - 1) / kWarps, people), dim3(kWarps * 32), 0, stream, args);
}

}  // namespace glpose
