#pragma once

namespace glpose {

/*
 * One row of a map of conditions (conditions.h), once per instruction set (row.inc compiled with different flags). Plain data and
 * no standard-library types, as in conv/strip.h.
 */
struct ConditionsRow {
  int width, channels, stride;  // stride: floats of a pixel
  const float* points;          // [1 + 2k, O, J, 2] of the key
  int people;                   // O
  float y;                      // the row's
  float sharpness;              // 1 / 2σ²
  float* out;                   // the row
};

void conditions_row_baseline(const ConditionsRow& row);
#ifdef GLPOSE_X86
void conditions_row_avx2(const ConditionsRow& row);
void conditions_row_avx512(const ConditionsRow& row);
#endif
#ifdef GLPOSE_ARM64
void conditions_row_neon(const ConditionsRow& row);
#endif

}  // namespace glpose
