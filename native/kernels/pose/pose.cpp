#include "kernels/pose/pose.h"

#include <cmath>

#include "kernels/locate/locate.h"

namespace glpose {
namespace {

/// The cell with the largest value(cell) · weight(distance to a place), the first of equals. Weights are 1 at most where a value is above 0.
template <class Value, class Weight>
int argmax_near(float row, float column, int height, int width, Value value, Weight weight) {
  float best = -INFINITY;
  int best_cell = 0;
  for (int y = 0, cell = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, ++cell) {
      const float most = value(cell);
      if (!(most > best)) continue;  // nearly all cells of a heat map
      const float dy = float(y) - row, dx = float(x) - column;
      const float weighted = most * weight(std::sqrt(dy * dy + dx * dx));
      if (!(weighted > best)) continue;
      best = weighted;
      best_cell = cell;
    }
  return best_cell;
}

}  // namespace

void pose_of_image(const PoseViews& maps, MapSize size, PoseTrust trust, float* out) {
  const auto [joints, height, width] = size;
  int person = -1;  // looked for where somebody asks
  for (int q = 0; q < joints; ++q, out += kPoseNumbers) {
    const float* expected = maps.expected + 3 * q;
    const bool known = expected[2] > 0.5f;
    if (!known && person < 0) person = locate_person_cpu(maps.center, height, width, trust.offset);
    const float row = known ? expected[0] * float(height) : float(person / width) + maps.regress(2 * q, person);
    const float column = known ? expected[1] * float(width) : float(person % width) + maps.regress(2 * q + 1, person);
    const auto heat = [&](int cell) { return maps.heatmaps(q, cell); };
    const int cell = argmax_near(row, column, height, width, heat, [&](float distance) {
      const float trusted = trust.softness / (distance + trust.softness);
      return known ? trusted * trusted : 1 / (distance + trust.offset);
    });
    out[0] = float(cell % width) + maps.offsets(2 * q + 1, cell);
    out[1] = float(cell / width) + maps.offsets(2 * q, cell);
    out[2] = heat(cell);
    out[3] = column;
    out[4] = row;
  }
}

}  // namespace glpose
