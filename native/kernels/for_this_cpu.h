#pragma once

namespace glpose {

/// Instruction sets that CPU kernels are compiled for, each in files of its own (X_avx2.cpp, …), from narrow to wide.
enum class Isa { baseline, avx2, avx512 };
constexpr Isa kIsas[] = {Isa::baseline, Isa::avx2, Isa::avx512};
constexpr const char* kIsaNames[] = {"baseline", "avx2", "avx512"};

#ifdef GLPOSE_X86
/// The widest that this processor runs of what CMakeLists.txt compiles.
inline Isa widest_isa() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return Isa::avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Isa::avx2 : Isa::baseline;
}

/// Of one function, compiled for several instruction sets, the one for `isa`.
#define GLPOSE_FOR_ISA(isa, name) \
  ((isa) == ::glpose::Isa::avx512 ? name##_avx512 : (isa) == ::glpose::Isa::avx2 ? name##_avx2 : name##_baseline)
#else
inline Isa widest_isa() { return Isa::baseline; }
#define GLPOSE_FOR_ISA(isa, name) ((void)(isa), name##_baseline)
#endif

}  // namespace glpose
