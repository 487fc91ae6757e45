#include "kernels/peaks/peaks.h"

#include <algorithm>

#include "kernels/decode/refine.h"

namespace glpose {

void peaks_of_joint(const View& heatmaps, const View* offsets, int joint, int height, int width, float* out) {
  struct Found {
    float score;
    int x, y;
  };
  Found found[kMostPeaks];
  int count = 0;
  const auto at = [&](int x, int y) { return heatmaps(joint, y * width + x); };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float score = at(x, y);
      if (!(score > kLowestPeak) || !is_highest(at, height, width, x, y)) continue;
      int place = count;
      while (place > 0 && found[place - 1].score < score) --place;
      if (place == kMostPeaks) continue;
      count = std::min(count + 1, kMostPeaks);
      std::copy_backward(found + place, found + count - 1, found + count);
      found[place] = {score, x, y};
    }
  std::fill_n(out, kMostPeaks * 3, 0.f);
  for (int i = 0; i < count; ++i, out += 3) {
    const auto [score, x, y] = found[i];
    out[0] = float(x);
    out[1] = float(y);
    out[2] = score;
    if (offsets) {
      out[0] += (*offsets)(2 * joint + 1, y * width + x);
      out[1] += (*offsets)(2 * joint, y * width + x);
    } else {
      quarter_step(at, height, width, x, y, out);
    }
  }
}

}  // namespace glpose
