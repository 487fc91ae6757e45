// pose's specification as plain loops (see pose.h), in double.
#include <cmath>

#include "kernels/pose/pose.h"

namespace glpose {

void pose_reference(const PoseArgs& a) {
  const auto [joints, height, width] = a.size;
  for (int image = 0; image < a.batch; ++image)
    for (int q = 0; q < joints; ++q) {
      const auto at = [&](const Map* maps, int channels, int cell, int channel) {
        return double(static_cast<const float*>(maps[image].data)[size_t(cell) * channel_stride(channels) + channel]);
      };
      const auto distance = [&](int cell, double y, double x) { return std::hypot(cell / width - y, cell % width - x); };
      int person = 0, best = 0;
      const auto sure = [&](int cell) {
        const double seen = 1 / (1 + std::exp(-at(a.center, 1, cell, 0)));
        return seen / (distance(cell, height / 2.0, width / 2.0) + a.trust.offset);
      };
      for (int cell = 1; cell < height * width; ++cell)
        if (sure(cell) > sure(person)) person = cell;
      const bool known = at(a.expected, 3 * joints, 0, 3 * q + 2) == 1;
      double y = person / width + at(a.regress, 2 * joints, person, 2 * q);
      double x = person % width + at(a.regress, 2 * joints, person, 2 * q + 1);
      if (known) {
        y = height * at(a.expected, 3 * joints, 0, 3 * q);
        x = width * at(a.expected, 3 * joints, 0, 3 * q + 1);
      }
      const auto worth = [&](int cell) {
        const double d = distance(cell, y, x), soft = a.trust.softness;
        return at(a.heatmaps, joints, cell, q) * (known ? std::pow(soft / (d + soft), 2) : 1 / (d + a.trust.offset));
      };
      for (int cell = 1; cell < height * width; ++cell)
        if (worth(cell) > worth(best)) best = cell;
      float* out = a.out + (size_t(image) * joints + q) * 5;
      out[0] = float(best % width + at(a.offsets, 2 * joints, best, 2 * q + 1));
      out[1] = float(best / width + at(a.offsets, 2 * joints, best, 2 * q));
      out[2] = float(at(a.heatmaps, joints, best, q));
      out[3] = float(x);
      out[4] = float(y);
    }
}

}  // namespace glpose
