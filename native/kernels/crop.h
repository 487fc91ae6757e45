#pragma once
#include <cstdint>

namespace glpose {

/*
 * crop: windows of an RGB image, resampled to W×H by the HRNet convention (see CropBatch in src/native/binding.ts):
 * output pixel (i, j) samples the image bilinearly at (cx + (i − W/2)·s, cy + (j − H/2)·s), s = window width / W, pixel
 * centres at integers; outside the image the value is 0. out = (value − mean) / std, planar.
 * Tolerance: 1e-3 grey levels.
 */
struct CropArgs {
  const uint8_t* image;  // [image_height, image_width, 3]
  int image_width, image_height;
  const double* windows;  // [N, 4]: centre x, centre y, width, height; finite
  int width, height;      // W, H
  float mean[3], inv_std[3];
  float* out;  // [N, 3, H, W]
};

/// Window n.
void crop_window(const CropArgs& args, int n);

}  // namespace glpose
