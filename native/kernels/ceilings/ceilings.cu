// The most that a GPU's tensor cores can do: products of registers, nothing else.
#include "kernels/ceilings/ceilings.cuh"

namespace glpose {
namespace {

/// Grid: (blocks). Block: 256 threads.
__global__ void __launch_bounds__(kCeilingThreads) multiply_kernel(float* sink, int rounds) {
  float sums[kCeilingTiles][4] = {};
  uint32_t a[4], b[kCeilingTiles][2];
  // Halves near 1 of many values: multiplying zeros takes less power, and so runs faster.
  const uint32_t mixed = (blockIdx.x * kCeilingThreads + threadIdx.x) * 2654435761u;
  for (int i = 0; i < 4; ++i) a[i] = 0x3c003c00u ^ (((mixed >> i) & 0x03ff03ffu));
  GPU_UNROLL
  for (int n = 0; n < kCeilingTiles; ++n)
    for (int i = 0; i < 2; ++i) b[n][i] = 0x3c003c00u ^ ((mixed >> (2 * n + i)) & 0x83ff83ffu);
  for (int round = 0; round < rounds; ++round) tensor_core_multiply<kCeilingTiles>(sums, a, b);
  float sum = 0;
  GPU_UNROLL
  for (int n = 0; n < kCeilingTiles; ++n) sum += sums[n][0] + sums[n][1] + sums[n][2] + sums[n][3];
  sink[blockIdx.x * kCeilingThreads + threadIdx.x] = sum;
}

}  // namespace

cudaError_t multiply_gpu(float* sink, int rounds, int blocks, cudaStream_t stream) {
  return gpu_launch(multiply_kernel, dim3(blocks), dim3(kCeilingThreads), 0, stream, sink, rounds);
}

}  // namespace glpose
