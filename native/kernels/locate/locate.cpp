#include "kernels/locate/locate.h"

#include <cmath>

namespace glpose {
namespace {

const float* floats(const Map* maps, int image) { return static_cast<const float*>(maps[image].data); }

}  // namespace

int locate_person_cpu(const View& center, int height, int width, float offset) {
  int person = 0;
  float surest = -INFINITY;
  for (int y = 0, cell = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, ++cell) {
      const float dy = float(y) - 0.5f * float(height), dx = float(x) - 0.5f * float(width);
      const float sure = 1 / (1 + std::exp(-center(0, cell))) / (std::sqrt(dy * dy + dx * dx) + offset);
      if (sure > surest) {
        surest = sure;
        person = cell;
      }
    }
  return person;
}

void locate_places_cpu(const LocateArgs& a, int image, float* places) {
  const auto [joints, height, width] = a.size;
  const int person = locate_person_cpu(map_view(a.center[image], 1), height, width, a.offset);
  const float* regress = floats(a.regress, image) + size_t(person) * channel_stride(2 * joints);
  const float* expected = floats(a.expected, image);
  const float cell[2] = {float(person / width), float(person % width)}, size[2] = {float(height), float(width)};
  for (int q = 0; q < joints; ++q)
    for (int axis = 0; axis < 2; ++axis) {
      const float own = cell[axis] + regress[2 * q + axis];
      places[2 * q + axis] = own + expected[3 * q + 2] * (expected[3 * q + axis] * size[axis] - own);
    }
}

void locate_row_cpu(const LocateArgs& a, const float* places, int image, int row) {
  const auto [joints, height, width] = a.size;
  const int stride = channel_stride(joints);
  const size_t first = size_t(row) * width * stride;
  const float* from = floats(a.heatmaps, image) + first;
  float* out = static_cast<float*>(a.out[image].data) + first;
  for (int x = 0; x < width; ++x, from += stride, out += stride) {
    for (int q = 0; q < joints; ++q) {
      const float dy = float(row) - places[2 * q], dx = float(x) - places[2 * q + 1];
      out[q] = from[q] * (a.offset / (std::sqrt(dy * dy + dx * dx) + a.offset));
    }
    for (int q = joints; q < stride; ++q) out[q] = 0;
  }
}

}  // namespace glpose
