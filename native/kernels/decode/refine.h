#pragma once
#include <cmath>

#include "kernels/decode/decode.h"
#include "kernels/everywhere.h"

namespace glpose {

/*
 * The sub-cell step of decode.h from a heat map's integer peak (x, y), the same on every device.
 * `at(x, y)` gives the map's value; only called inside the map.
 */

constexpr int kMaxBlurRadius = 8;

template <class At>
GLPOSE_EVERYWHERE void quarter_step(At at, int height, int width, int x, int y, float* out) {
  if (x <= 1 || x >= width - 1 || y <= 1 || y >= height - 1) return;
  const float right = at(x + 1, y) - at(x - 1, y), down = at(x, y + 1) - at(x, y - 1);
  out[0] += right > 0 ? 0.25f : right < 0 ? -0.25f : 0.f;
  out[1] += down > 0 ? 0.25f : down < 0 ? -0.25f : 0.f;
}

template <class At>
GLPOSE_EVERYWHERE void dark_step(At at, int height, int width, int x, int y, float* out) {
  if (x <= 1 || x >= width - 2 || y <= 1 || y >= height - 2) return;
  const int radius = height > 80 ? kMaxBlurRadius : 5;
  const float sigma = 0.3f * float(radius - 1) + 0.8f;
  float gauss[kMaxBlurRadius + 1], total = 0;
  for (int i = 0; i <= radius; ++i) {
    gauss[i] = std::exp(float(-i * i) / (2 * sigma * sigma));
    total += i == 0 ? gauss[i] : 2 * gauss[i];
  }
  for (int i = 0; i <= radius; ++i) gauss[i] /= total;

  // The logarithm of the blurred map, 5×5 around the peak: row by row blurred across, then spread down.
  float blurred[5][5] = {};
  for (int j = -radius - 2; j <= radius + 2; ++j) {
    if (y + j < 0 || y + j >= height) continue;
    for (int i = -2; i <= 2; ++i) {
      float across = 0;
      for (int s = -radius; s <= radius; ++s)
        if (x + i + s >= 0 && x + i + s < width) across += gauss[s < 0 ? -s : s] * at(x + i + s, y + j);
      for (int v = -2; v <= 2; ++v) {
        const int distance = j < v ? v - j : j - v;
        if (distance <= radius) blurred[v + 2][i + 2] += gauss[distance] * across;
      }
    }
  }
  for (auto& row : blurred)
    for (float& value : row) value = std::log(value > 1e-10f ? value : 1e-10f);

  const float dx = 0.5f * (blurred[2][3] - blurred[2][1]), dy = 0.5f * (blurred[3][2] - blurred[1][2]);
  const float dxx = 0.25f * (blurred[2][4] - 2 * blurred[2][2] + blurred[2][0]);
  const float dyy = 0.25f * (blurred[4][2] - 2 * blurred[2][2] + blurred[0][2]);
  const float dxy = 0.25f * (blurred[3][3] - blurred[1][3] - blurred[3][1] + blurred[1][1]);
  const float det = dxx * dyy - dxy * dxy;
  if (det == 0) return;
  out[0] -= (dyy * dx - dxy * dy) / det;
  out[1] -= (dxx * dy - dxy * dx) / det;
}

}  // namespace glpose
