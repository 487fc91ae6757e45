// crop's specification as plain loops (see crop.h).
#include <cmath>
#include <vector>

#include "kernels/crop/crop.h"

namespace glpose {

void crop_reference(const CropArgs& a, int n, float* out) {
  const double* window = a.windows + 4 * n;
  const double step = window[2] / a.width;
  for (int c = 0; c < 3; ++c)
    for (int j = 0; j < a.height; ++j)
      for (int i = 0; i < a.width; ++i) {
        const double x = window[0] + (i - 0.5 * a.width) * step, y = window[1] + (j - 0.5 * a.height) * step;
        const auto at = [&](double column, double row) {
          const bool inside = column >= 0 && column < a.image_width && row >= 0 && row < a.image_height;
          return inside ? double(a.image[(size_t(row) * a.image_width + size_t(column)) * 3 + c]) : 0.0;
        };
        const double left = std::floor(x), top = std::floor(y), across = x - left, down = y - top;
        const double value = (at(left, top) * (1 - across) + at(left + 1, top) * across) * (1 - down) +
                             (at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across) * down;
        *out++ = float((value - a.mean[c]) * a.inv_std[c]);
      }
}

void crop_reference(const CropMapsArgs& a, int n) {
  const ImageWindow& from = a.windows[n];
  const double window[4] = {from.x, from.y, from.width};
  CropArgs args{from.image, from.image_width, from.image_height, window, a.width, a.height, {}, {}};
  for (int c = 0; c < 3; ++c) {
    args.mean[c] = a.mean[c];
    args.inv_std[c] = a.inv_std[c];
  }
  std::vector<float> planes(size_t(3) * a.height * a.width);
  crop_reference(args, 0, planes.data());
  float* to = static_cast<float*>(a.out[n].data);
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x)
      for (int c = 0; c < channel_stride(3); ++c, ++to) {
        const int column = from.mirrored ? a.width - 1 - x : x;
        *to = c < 3 ? planes[(size_t(c) * a.height + y) * a.width + column] : 0;
      }
}

}  // namespace glpose
