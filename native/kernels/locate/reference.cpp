#include <cmath>

#include "kernels/locate/locate.h"

namespace glpose {

void locate_reference(const LocateArgs& a, int image) {
  const auto [joints, height, width] = a.size;
  const auto at = [&](const Map* maps, int channels, int cell, int channel) {
    return double(static_cast<const float*>(maps[image].data)[size_t(cell) * channel_stride(channels) + channel]);
  };
  const auto soft = [&](double dy, double dx) { return std::sqrt(dy * dy + dx * dx) + a.offset; };
  int person = 0;
  double surest = -1;
  for (int cell = 0; cell < height * width; ++cell) {
    const double sure =
        1 / (1 + std::exp(-at(a.center, 1, cell, 0))) / soft(cell / width - height / 2.0, cell % width - width / 2.0);
    if (sure > surest) {
      surest = sure;
      person = cell;
    }
  }
  for (int cell = 0; cell < height * width; ++cell) {
    float* out = static_cast<float*>(a.out[image].data) + size_t(cell) * channel_stride(joints);
    for (int q = 0; q < channel_stride(joints); ++q) {
      out[q] = 0;
      if (q >= joints) continue;
      const double own_y = person / width + at(a.regress, 2 * joints, person, 2 * q);
      const double own_x = person % width + at(a.regress, 2 * joints, person, 2 * q + 1);
      const auto expected = [&](int part) { return at(a.expected, 3 * joints, 0, 3 * q + part); };
      const double y = own_y + expected(2) * (expected(0) * height - own_y);
      const double x = own_x + expected(2) * (expected(1) * width - own_x);
      out[q] = float(at(a.heatmaps, joints, cell, q) * a.offset / soft(cell / width - y, cell % width - x));
    }
  }
}

}  // namespace glpose
