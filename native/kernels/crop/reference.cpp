// crop's specification as plain loops (see crop.h).
#include <cmath>

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

}  // namespace glpose
