// peaks' specification as plain loops (see peaks.h): all peaks, then sorted.
#include <algorithm>
#include <vector>

#include "kernels/peaks/peaks.h"

namespace glpose {
namespace {

struct Peak {
  int x, y;
  float height;
};

float sign(float v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

}  // namespace

void peaks_reference(const PeaksArgs& a) {
  for (int person = 0; person < a.people; ++person)
    for (int q = 0; q < a.joints; ++q) {
      const auto value_of = [&](const Map* maps, int channels, int c, int x, int y) {
        return static_cast<const float*>(maps[person].data)[(size_t(y) * a.width + x) * channel_stride(channels) + c];
      };
      const auto heat = [&](int x, int y) { return value_of(a.heatmaps, a.joints, q, x, y); };
      std::vector<Peak> peaks;
      for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x) {
          int higher = 0, equal_before = 0;
          for (int v = std::max(0, y - 1); v <= std::min(a.height - 1, y + 1); ++v)
            for (int u = std::max(0, x - 1); u <= std::min(a.width - 1, x + 1); ++u) {
              higher += heat(u, v) > heat(x, y);
              equal_before += heat(u, v) == heat(x, y) && v * a.width + u < y * a.width + x;
            }
          if (double(heat(x, y)) >= 0.02 && higher == 0 && equal_before == 0) peaks.push_back({x, y, heat(x, y)});
        }
      std::stable_sort(peaks.begin(), peaks.end(), [](const Peak& a, const Peak& b) { return a.height > b.height; });
      for (size_t i = 0; i < 12; ++i) {
        float* out = a.out + ((size_t(person) * a.joints + q) * 12 + i) * 3;
        out[0] = out[1] = out[2] = 0;
        if (i >= peaks.size()) continue;
        const auto [x, y, height] = peaks[i];
        float dx = 0, dy = 0;
        if (a.offsets) {
          dy = value_of(a.offsets, 2 * a.joints, 2 * q, x, y);
          dx = value_of(a.offsets, 2 * a.joints, 2 * q + 1, x, y);
        } else if (x > 1 && x < a.width - 1 && y > 1 && y < a.height - 1) {
          dx = 0.25f * sign(heat(x + 1, y) - heat(x - 1, y));
          dy = 0.25f * sign(heat(x, y + 1) - heat(x, y - 1));
        }
        out[0] = float(x) + dx;
        out[1] = float(y) + dy;
        out[2] = height;
      }
    }
}

}  // namespace glpose
