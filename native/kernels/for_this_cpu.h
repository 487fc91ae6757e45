#pragma once

namespace glpose {

/// Of one function, compiled for several instruction sets, the one for the processor at hand.
#ifdef GLPOSE_X86
#define GLPOSE_FOR_THIS_CPU(name) ::glpose::for_this_cpu(name##_baseline, name##_avx2, name##_avx512)
template <class Function>
Function for_this_cpu(Function baseline, Function avx2, Function avx512) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2 : baseline;
}
#else
#define GLPOSE_FOR_THIS_CPU(name) name##_baseline
#endif

}  // namespace glpose
