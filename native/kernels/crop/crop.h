#pragma once
#include <cstdint>
#include <vector>

#include "kernels/for_this_cpu.h"

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
};

/// One window, with a copy of the part of the image that it shows: the image is not read any more once this is made.
class WindowCrop {
 public:
  /// Window n.
  WindowCrop(const CropArgs& args, int n);
  /// @param out [3, H, W]
  void run(float* out, Isa isa = widest_isa()) const;

 private:
  /// The two source samples of one output coordinate. A sample outside the image has weight 0 and a place inside.
  struct Taps {
    std::vector<int> at0, at1;
    std::vector<float> w0, w1;
    int first = 0, count = 0;  // the part of the image between them; places are relative to its start
  };
  static Taps taps(double centre, double step, int samples, int size);

  Taps columns_, rows_;
  std::vector<uint8_t> patch_;  // [rows, columns, 3]
  float mean_[3], inv_std_[3];
};

/// The specification as plain loops (reference.cpp, which only the tests compile).
/// @param out [3, H, W], of window n
void crop_reference(const CropArgs& args, int n, float* out);

}  // namespace glpose
