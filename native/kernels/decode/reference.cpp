// decode's specification as plain loops (see decode.h), in double: DARK from its definition, blurred in two dimensions.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/decode/decode.h"

namespace glpose {
namespace {

/// One joint's heat map: of a pixel outside, 0.
struct HeatMap {
  const float* values;
  int stride, height, width;  // stride: floats from pixel to pixel
  double at(int x, int y) const {
    const bool inside = x >= 0 && x < width && y >= 0 && y < height;
    return inside ? values[(size_t(y) * width + x) * stride] : 0.0;
  }
};

double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

/// The logarithm of the map under a Gaussian whose weights add up to 1.
double log_blurred(const HeatMap& map, int x, int y) {
  const int side = map.height > 80 ? 17 : 11, radius = side / 2;
  const double sigma = 0.3 * ((side - 1) * 0.5 - 1) + 0.8;  // OpenCV's for a kernel of this side
  double sum = 0, total = 0;
  for (int dy = -radius; dy <= radius; ++dy)
    for (int dx = -radius; dx <= radius; ++dx) {
      const double weight = std::exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
      total += weight;
      sum += weight * map.at(x + dx, y + dy);
    }
  return std::log(std::max(sum / total, 1e-10));
}

/// The offset −H⁻¹ g, g and H being the logarithm's gradient and Hessian at the peak by central differences.
void newton_step(const HeatMap& map, int x, int y, double (&place)[2]) {
  const auto d = [&](int dx, int dy) { return log_blurred(map, x + dx, y + dy); };
  const double gx = (d(1, 0) - d(-1, 0)) / 2, gy = (d(0, 1) - d(0, -1)) / 2;
  const double xx = (d(2, 0) - 2 * d(0, 0) + d(-2, 0)) / 4, yy = (d(0, 2) - 2 * d(0, 0) + d(0, -2)) / 4;
  const double xy = (d(1, 1) - d(-1, 1) - d(1, -1) + d(-1, -1)) / 4;
  const double determinant = xx * yy - xy * xy;
  if (determinant == 0) return;
  place[0] -= (yy * gx - xy * gy) / determinant;
  place[1] -= (xx * gy - xy * gx) / determinant;
}

}  // namespace

void decode_reference(const DecodeArgs& a) {
  for (int person = 0; person < a.people; ++person)
    for (int joint = 0; joint < a.joints; ++joint) {
      const float* values = static_cast<const float*>(a.heatmaps[person].data) + joint;
      const HeatMap map{values, channel_stride(a.joints), a.height, a.width};
      int x = 0, y = 0;
      for (int row = 0; row < a.height; ++row)
        for (int column = 0; column < a.width; ++column)
          if (map.at(column, row) > map.at(x, y)) {
            x = column;
            y = row;
          }
      const double score = map.at(x, y);
      double place[2] = {score > 0 ? double(x) : 0, score > 0 ? double(y) : 0};
      const int border = a.method == DecodeMethod::quarter ? 1 : 2;
      if (score > 0 && x > 1 && x < a.width - border && y > 1 && y < a.height - border) {
        if (a.method == DecodeMethod::dark) {
          newton_step(map, x, y, place);
        } else {
          place[0] += 0.25 * sign(map.at(x + 1, y) - map.at(x - 1, y));
          place[1] += 0.25 * sign(map.at(x, y + 1) - map.at(x, y - 1));
        }
      }
      float* out = a.out + (size_t(person) * a.joints + joint) * 3;
      out[0] = float(place[0]);
      out[1] = float(place[1]);
      out[2] = float(score);
    }
}

}  // namespace glpose
