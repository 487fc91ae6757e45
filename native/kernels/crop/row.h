#pragma once
#include <cstdint>

namespace glpose {

/*
 * One row of a crop, once per instruction set (row.inc compiled with different flags). Plain data and no
 * standard-library types, as in conv/strip.h.
 */
struct CropRow {
  // The two rows of the image around the sample and their weights, already at the first byte that is read.
  const uint8_t *above, *below;
  float weight_above, weight_below;
  int values;    // bytes of a row that are read
  float* mixed;  // [values + 1] scratch: the two rows mixed; the last is read, and does not matter
  // The two columns around each sample, as places of their red value in `mixed`, and their weights.
  int width;
  const int *left, *right;                  // [width]
  const float *weight_left, *weight_right;  // [width]
  float mean[3], inv_std[3];
  float* out[3];  // [width] for each channel
};

void crop_row_baseline(const CropRow& row);
#ifdef GLPOSE_X86
void crop_row_avx2(const CropRow& row);
void crop_row_avx512(const CropRow& row);
#endif
#ifdef GLPOSE_ARM64
void crop_row_neon(const CropRow& row);
#endif

}  // namespace glpose
