/*
 * locate on a GPU (see locate.h). Every block finds the person anew, in a small map that lies in the cache: its threads keep the first
 * best of the cells that they look at, then halve their number until one is left. Then each thread weighs eight joints' heat maps
 * in some cells of the block's slice.
 */
#include "kernels/locate/locate.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256, kVector = 8;
constexpr int kCells = 512;  // of a block's slice

__device__ inline float soft(float dy, float dx, float offset) { return sqrtf(dy * dy + dx * dx) + offset; }

/// The cell of the person who is in the middle of the window; the same for all threads.
__device__ inline int person_of(const LocateGpuArgs& a, const Half* center) {
  using Sure = float[kThreads];
  using Cells = int[kThreads];
  GPU_SHARED(Sure, surest);
  GPU_SHARED(Cells, cells);
  const int thread = threadIdx.x;
  float best = -1;  // below what any cell has
  int best_cell = 0;
  for (int cell = thread; cell < a.size.height * a.size.width; cell += kThreads) {
    const float dy = float(cell / a.size.width) - 0.5f * float(a.size.height);
    const float dx = float(cell % a.size.width) - 0.5f * float(a.size.width);
    const float value = to_float(center[size_t(cell) * channel_stride(1)]);
    const float sure = 1.f / (1.f + expf(-value)) / soft(dy, dx, a.offset);
    if (sure > best) {
      best = sure;
      best_cell = cell;
    }
  }
  surest[thread] = best;
  cells[thread] = best_cell;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread >= half) continue;
    const float other = surest[thread + half];
    const int other_cell = cells[thread + half];
    if (other > surest[thread] || (other == surest[thread] && other_cell < cells[thread])) {
      surest[thread] = other;
      cells[thread] = other_cell;
    }
  }
  __syncthreads();  // thread 0 has the best
  return cells[0];
}

/// Grid: (slices of 512 cells, images). Block: 256 threads.
__global__ void __launch_bounds__(kThreads) locate_kernel(LocateGpuArgs a) {
  const int image = blockIdx.y, joints = a.size.channels, stride = channel_stride(joints);
  const int person = person_of(a, a.center[image]);
  const Half* regress = a.regress[image] + size_t(person) * channel_stride(2 * joints);
  const Half* expected = a.expected[image];
  const int first = blockIdx.x * kCells, all = a.size.height * a.size.width, end = first + kCells < all ? first + kCells : all;
  for (int q0 = 0; q0 < stride; q0 += kVector) {
    float ys[kVector], xs[kVector];  // where the joints are expected
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) {
      const int q = q0 + i;
      ys[i] = xs[i] = 0;
      if (q >= joints) continue;
      const float known = to_float(expected[3 * q + 2]);
      const float own_y = float(person / a.size.width) + to_float(regress[2 * q]);
      const float own_x = float(person % a.size.width) + to_float(regress[2 * q + 1]);
      ys[i] = own_y + known * (to_float(expected[3 * q]) * float(a.size.height) - own_y);
      xs[i] = own_x + known * (to_float(expected[3 * q + 1]) * float(a.size.width) - own_x);
    }
    for (int cell = first + threadIdx.x; cell < end; cell += kThreads) {
      const size_t at = (size_t(cell) * stride + q0) / kVector;
      const HalfVector heat = reinterpret_cast<const HalfVector*>(a.heatmaps[image])[at];
      const float y = float(cell / a.size.width), x = float(cell % a.size.width);
      HalfVector out;
      GPU_UNROLL
      for (int i = 0; i < kVector; ++i) {
        const float near = a.offset / soft(y - ys[i], x - xs[i], a.offset);
        out.value[i] = to_half(q0 + i < joints ? to_float(heat.value[i]) * near : 0.f);
      }
      reinterpret_cast<HalfVector*>(a.out[image])[at] = out;
    }
  }
}

}  // namespace

cudaError_t locate_gpu(const LocateGpuArgs& args, int batch, cudaStream_t stream) {
  const int cells = args.size.height * args.size.width;
  return gpu_launch(locate_kernel, dim3((cells + kCells - 1) / kCells, batch), dim3(kThreads), 0, stream, args);
}

}  // namespace glpose
