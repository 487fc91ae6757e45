#pragma once

namespace glpose {

/// Instruction sets that CPU kernels are compiled for, each in files of its own (X_avx2.cpp, …), from narrow to wide; and of one
/// function, compiled for several of them, the one for `isa`.
#if defined(GLPOSE_X86)
enum class Isa { baseline, avx2, avx512 };
constexpr Isa kIsas[] = {Isa::baseline, Isa::avx2, Isa::avx512};
constexpr const char* kIsaNames[] = {"baseline", "avx2", "avx512"};

/// The widest that this processor runs of what CMakeLists.txt compiles.
inline Isa widest_isa() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return Isa::avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Isa::avx2 : Isa::baseline;
}

#define GLPOSE_FOR_ISA(isa, name) \
  ((isa) == ::glpose::Isa::avx512 ? name##_avx512 : (isa) == ::glpose::Isa::avx2 ? name##_avx2 : name##_baseline)

#elif defined(GLPOSE_ARM64)
enum class Isa { baseline, neon };
constexpr Isa kIsas[] = {Isa::baseline, Isa::neon};
constexpr const char* kIsaNames[] = {"baseline", "neon"};

inline Isa widest_isa() { return Isa::neon; }  // every such processor has it

#define GLPOSE_FOR_ISA(isa, name) ((isa) == ::glpose::Isa::neon ? name##_neon : name##_baseline)

#else
enum class Isa { baseline };
constexpr Isa kIsas[] = {Isa::baseline};
constexpr const char* kIsaNames[] = {"baseline"};

inline Isa widest_isa() { return Isa::baseline; }

#define GLPOSE_FOR_ISA(isa, name) ((void)(isa), name##_baseline)
#endif

}  // namespace glpose
