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
/// The same, of a size that may go beyond 48 KiB; one for a kernel, sizeof(T) told to gpu_launch.
#define GPU_LARGE_SHARED(T, name)                          \
  extern __shared__ __align__(16) char gpu_large_shared[]; \
  T& name = *reinterpret_cast<T*>(gpu_large_shared)
#define GPU_UNROLL _Pragma("unroll")
#else
#include "test/simt/simt.h"
#define GPU_SHARED(T, name)           \
  static const char name##_site = 0;  \
  T& name = *static_cast<T*>(simt::shared(&name##_site, sizeof(T), alignof(T)))
#define GPU_LARGE_SHARED(T, name) GPU_SHARED(T, name)
#define GPU_UNROLL
#endif

#include "kernels/half.h"

namespace glpose {

constexpr unsigned kWholeWarp = 0xffffffffu;

/// kernel<<<grid, block, shared_bytes, stream>>>(args…) as a function, so that host code is plain C++.
/// @param shared_bytes of GPU_LARGE_SHARED
template <class... Parameters, class... Args>
cudaError_t gpu_launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                       Args&&... args) {
#ifdef __CUDACC__
  constexpr size_t kUnasked = 48 << 10;
  if (shared_bytes > kUnasked) {
    const auto most = cudaFuncAttributeMaxDynamicSharedMemorySize;
    const cudaError_t error = cudaFuncSetAttribute(kernel, most, int(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Args>(args)...);
#else
  (void)shared_bytes;
  return simt::launch(reinterpret_cast<const void*>(kernel), grid, block, stream, [=] { kernel(Parameters(args)...); });
#endif
}

/// Two halves in a register, the one at the lower address in the lower bits.
__device__ inline uint32_t pair_of(float low, float high) {
  return uint32_t(to_half(low).bits) | uint32_t(to_half(high).bits) << 16;
}
__device__ inline float low_of(uint32_t pair) { return to_float({uint16_t(pair)}); }
__device__ inline float high_of(uint32_t pair) { return to_float({uint16_t(pair >> 16)}); }

/// The product of each half with its counterpart.
__device__ inline uint32_t multiply_pairs(uint32_t a, uint32_t b) {
#ifdef __CUDACC__
  const __half2 product = __hmul2(reinterpret_cast<const __half2&>(a), reinterpret_cast<const __half2&>(b));
  return reinterpret_cast<const uint32_t&>(product);
#else
  return pair_of(low_of(a) * low_of(b), high_of(a) * high_of(b));
#endif
}

/// Eight halves: what one load takes best.
struct alignas(16) HalfVector {
  Half value[8];
};

/*
 * Copies of 16 bytes into shared memory that go on while the thread does other work (cp.async of sm_80; before, plain
 * copies). Those before a commit are a group; `copies_wait<N>` returns when only the N youngest groups are on their way.
 * What other threads copied is there after a barrier behind their wait.
 */
/// @param from null: zeros
__device__ inline void copy_async(HalfVector* to, const HalfVector* from) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  const int bytes = from ? 16 : 0;  // the rest of the 16 becomes 0
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(unsigned(__cvta_generic_to_shared(to))), "l"(from),
               "r"(bytes)
               : "memory");
#elif defined(__CUDACC__)
  *to = from ? *from : HalfVector{};
#else
  simt::copy_queue().copy(to, from, sizeof *to);
#endif
}
__device__ inline void copies_commit() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#elif !defined(__CUDACC__)
  simt::copy_queue().commit();
#endif
}
template <int N>
__device__ inline void copies_wait() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#elif !defined(__CUDACC__)
  simt::copy_queue().wait(N);
#endif
}

/*
 * A fragment of A (see tensor_core_multiply) out of shared memory: lane l gives the address of the eight halves of row
 * l % 16, columns 8·(l / 16) … + 7. Whole warps only. (ldmatrix)
 */
__device__ inline void load_fragment(uint32_t (&a)[4], const HalfVector* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
               : "r"(unsigned(__cvta_generic_to_shared(row)))
               : "memory");
#else
  const HalfVector own = *row;
  simt::warp_show(kWholeWarp, &own, sizeof own);
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t pairs[4];
    simt::warp_read(simt::lane() / 4 + 8 * i, pairs, sizeof pairs);
    a[i] = pairs[simt::lane() % 4];
  }
#endif
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
