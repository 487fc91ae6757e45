#include "kernels/warp.h"

#include <cmath>

namespace glpose {

void warp_row_cpu(const WarpArgs& a, int n, int y) {
  const int stride = channel_stride(a.channels);
  const WarpTransform t = a.transforms[n];
  const float* in = static_cast<const float*>(a.from[n].data);
  float* out = static_cast<float*>(a.to[n].data) + size_t(y) * a.width * stride;
  const float from_y = t.scale * float(y) + t.shift_y, top = std::floor(from_y), below = from_y - top;
  for (int x = 0; x < a.width; ++x, out += stride) {
    const float from_x = t.scale * float(x) + t.shift_x, left = std::floor(from_x), right_of = from_x - left;
    for (int c = 0; c < stride; ++c) out[c] = 0;
    const float weights[4] = {(1 - right_of) * (1 - below), right_of * (1 - below), (1 - right_of) * below,
                              right_of * below};
    for (int corner = 0; corner < 4; ++corner) {
      const float column = left + float(corner % 2), row = top + float(corner / 2);
      // Compared as floats: a window far away would overflow an int.
      if (!(column >= 0 && column < float(a.width) && row >= 0 && row < float(a.height))) continue;
      const float weight = weights[corner];
      const float* cell = in + (size_t(row) * a.width + size_t(column)) * stride;
      for (int c = 0; c < stride; ++c) out[c] += weight * cell[c];
    }
  }
}

}  // namespace glpose
