#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "backend/tensor.h"
#include "kernels/for_this_cpu.h"

namespace glpose {

/*
 * crop: windows of an RGB image, resampled to W×H by the HRNet convention (see CropBatch in src/native/binding.ts):
 * output pixel (i, j) samples the image bilinearly at (cx + (i − W/2)·s, cy + (j − H/2)·s), s = window width / W, pixel
 * centres at integers; outside the image the value is 0. out = (value − mean) / std, planar.
 * Tolerance: 1e-3 grey levels; of maps of halves, half a unit in the last place more.
 */
struct CropArgs {
  const uint8_t* image;  // [image_height, image_width, 3]
  int image_width, image_height;
  const double* windows;  // [N, 4]: centre x, centre y, width, height; finite
  int width, height;      // W, H
  float mean[3], inv_std[3];
};

/// A window of an image that lies in a backend's memory.
struct ImageWindow {
  const uint8_t* image;  // [image_height, image_width, 3]
  int image_width, image_height;
  double x, y, width;  // centre and width; finite. The height follows from that of the crop
  bool mirrored;       // column i of the crop comes to W − 1 − i
};

/// Windows of any images as a network takes them: maps of three channels.
struct CropMapsArgs {
  int batch = 0;
  int height = 0, width = 0;             // H, W
  const ImageWindow* windows = nullptr;  // [batch], on the host
  float mean[3] = {}, inv_std[3] = {};
  const Map* out = nullptr;  // [batch]
};

/// The two source samples around one output coordinate, and their weights. One outside the image has weight 0 and a place inside.
struct CropTap {
  int at0, at1;
  float w0, w1;
  bool inside;  // whether a weight may be another than 0
};

/// @param i of `samples` coordinates, `step` apart about `centre`  @param size of the image
GLPOSE_EVERYWHERE inline CropTap crop_tap(double centre, double step, int i, int samples, int size) {
  const double position = centre + (i - 0.5 * samples) * step;
  const bool inside = position > -1 && position < size;
  const int low = inside ? int(std::floor(position)) : 0;
  const float fraction = inside ? float(position - low) : 0;
  CropTap tap;
  tap.at0 = low > 0 ? low : 0;
  tap.at1 = low + 1 < size ? low + 1 : size - 1;
  tap.w0 = inside && low >= 0 ? 1 - fraction : 0;
  tap.w1 = inside && low + 1 < size ? fraction : 0;
  tap.inside = inside;
  return tap;
}

/// One window, with a copy of what is read of the image: the image is not read any more once this is made.
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
  std::vector<uint8_t> patch_;  // [rows that are read, columns, 3]
  float mean_[3], inv_std_[3];
};

/// Window n as a map, on the CPU.
void crop_map_cpu(const CropMapsArgs& args, int n, Isa isa);

/// The specification as plain loops (reference.cpp, which only the tests compile).
/// @param out [3, H, W], of window n
void crop_reference(const CropArgs& args, int n, float* out);
/// Window n; its map as on the CPU.
void crop_reference(const CropMapsArgs& args, int n);

}  // namespace glpose
