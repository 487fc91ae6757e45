#pragma once
/*
 * Squares of 4×4 floats, for kernels that turn interleaved values into planes or back. The functions are each file's own
 * (static): files are compiled for different instruction sets.
 */
#include <cstring>

namespace glpose {

constexpr int kSide = 4;
typedef float Four __attribute__((vector_size(kSide * sizeof(float))));

static inline Four load(const float* from) {
  Four v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
static inline void store(float* to, Four v) { std::memcpy(to, &v, sizeof v); }

/// Turns a square: row i becomes column i.
static inline void transpose(Four (&rows)[kSide]) {
#if defined(__clang__)
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
  typedef int Places __attribute__((vector_size(kSide * sizeof(int))));
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, Places{i, j, k, l})
#endif
  const Four low01 = PICK(rows[0], rows[1], 0, 4, 1, 5), high01 = PICK(rows[0], rows[1], 2, 6, 3, 7);
  const Four low23 = PICK(rows[2], rows[3], 0, 4, 1, 5), high23 = PICK(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = PICK(low01, low23, 0, 1, 4, 5);
  rows[1] = PICK(low01, low23, 2, 3, 6, 7);
  rows[2] = PICK(high01, high23, 0, 1, 4, 5);
  rows[3] = PICK(high01, high23, 2, 3, 6, 7);
#undef PICK
}

}  // namespace glpose
