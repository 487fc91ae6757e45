#pragma once

namespace glpose {

#ifdef GLPOSE_X86
/// Whether this processor runs what CMakeLists.txt compiles for AVX-512, for AVX2.
inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/// Of one function, compiled for several instruction sets, the one for this processor.
#define GLPOSE_FOR_THIS_CPU(name) \
  (::glpose::has_avx512() ? name##_avx512 : ::glpose::has_avx2() ? name##_avx2 : name##_baseline)
#else
#define GLPOSE_FOR_THIS_CPU(name) name##_baseline
#endif

}  // namespace glpose
