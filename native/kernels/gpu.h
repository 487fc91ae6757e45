#pragma once
/*
 * The one header that every .cu includes. With a CUDA compiler: the CUDA runtime. With any other C++ compiler: the SIMT
 * executor of the tests (test/simt/), under which the same kernels run on the CPU, sanitizers and all.
 */
#include <cstdint>
#include <cstring>
#include <utility>

#ifdef __CUDACC__
#include <cuda_fp16.h>
#include <cuda_runtime.h>
/// Shared memory of a block. T may be an alias of an array type.
#define GPU_SHARED(T, name) __shared__ T name
#define GPU_UNROLL _Pragma("unroll")
#else
#include "test/simt/simt.h"
#define GPU_SHARED(T, name)           \
  static const char name##_site = 0;  \
  T& name = *static_cast<T*>(simt::shared(&name##_site, sizeof(T), alignof(T)))
#define GPU_UNROLL
#endif

#include "kernels/half.h"

namespace glpose {

constexpr unsigned kWholeWarp = 0xffffffffu;

/// kernel<<<grid, block, 0, stream>>>(args…) as a function, so that host code is plain C++.
template <class... Parameters, class... Args>
cudaError_t gpu_launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream, Args&&... args) {
#ifdef __CUDACC__
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Args>(args)...);
#else
  return simt::launch(reinterpret_cast<const void*>(kernel), grid, block, stream, [=] { kernel(Parameters(args)...); });
#endif
}

/// Two neighbouring halves as the register that tensor cores take. `at` is 4-byte aligned.
__device__ inline uint32_t pair_of(const Half* at) {
  uint32_t pair;
  memcpy(&pair, at, sizeof pair);
  return pair;
}

/*
 * D[n] += A · B[n] for N tiles, each 16×8 = (16×16) · (16×8), halves in, floats summed: mma.sync of sm_80 (on sm_75 two
 * of half the depth). Whole warps only. With group = lane / 4 and t = lane % 4 a lane holds
 *   A  {(group, 2t), (group + 8, 2t), (group, 2t + 8), (group + 8, 2t + 8)}, each with the column to its right
 *   B  {(2t, group), (2t + 8, group)}, each with the row below
 *   D  {(group, 2t), (group, 2t + 1), (group + 8, 2t), (group + 8, 2t + 1)}
 */
template <int N>
__device__ inline void tensor_core_multiply(float (&d)[N][4], const uint32_t (&a)[4], const uint32_t (&b)[N][2]) {
#ifdef __CUDACC__
  GPU_UNROLL
  for (int n = 0; n < N; ++n) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[n][0]), "+f"(d[n][1]), "+f"(d[n][2]), "+f"(d[n][3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[n][0]), "r"(b[n][1]));
#else
    for (int half = 0; half < 2; ++half)
      asm volatile(
          "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
          : "+f"(d[n][0]), "+f"(d[n][1]), "+f"(d[n][2]), "+f"(d[n][3])
          : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[n][half]));
#endif
  }
#else
  simt::tensor_core_multiply(&d[0][0], a, &b[0][0], N);
#endif
}

}  // namespace glpose
