// warp's specification as plain loops (see warp.h).
#include <cmath>

#include "kernels/warp/warp.h"

namespace glpose {

void warp_reference(const WarpArgs& a) {
  const int stride = channel_stride(a.channels);
  for (int n = 0; n < a.count; ++n) {
    const WarpTransform t = a.transforms[n];
    const float* from = static_cast<const float*>(a.from[n].data);
    float* to = static_cast<float*>(a.to[n].data);
    for (int y = 0; y < a.height; ++y)
      for (int x = 0; x < a.width; ++x)
        for (int c = 0; c < stride; ++c) {
          const auto at = [&](double column, double row) {
            const bool inside = column >= 0 && column < a.width && row >= 0 && row < a.height;
            return inside ? double(from[(size_t(row) * a.width + size_t(column)) * stride + c]) : 0.0;
          };
          // The place itself is a float's, as the kernels have it: far outside, its rounding is whole cells.
          const double from_x = t.scale * float(x) + t.shift_x, from_y = t.scale * float(y) + t.shift_y;
          const double left = std::floor(from_x), top = std::floor(from_y), across = from_x - left, down = from_y - top;
          const double upper = at(left, top) * (1 - across) + at(left + 1, top) * across;
          const double lower = at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across;
          to[(size_t(y) * a.width + x) * stride + c] = float(upper * (1 - down) + lower * down);
        }
  }
}

}  // namespace glpose
