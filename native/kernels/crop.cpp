#include "kernels/crop.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace glpose {
namespace {

/// The two source samples of one output coordinate. A sample outside the image has weight 0 and a place inside.
struct Tap {
  int at0, at1;
  float w0, w1;
};

Tap tap(double position, int size) {
  if (!(position > -1 && position < size)) return {0, 0, 0, 0};
  const int low = int(std::floor(position));
  const float fraction = float(position - low);
  return {low < 0 ? 0 : low, low + 1 < size ? low + 1 : size - 1, low < 0 ? 0 : 1 - fraction,
          low + 1 < size ? fraction : 0};
}

}  // namespace

void crop_rows(const CropArgs& a, int n, int row0, int row1) {
  const double* window = a.windows + 4 * n;
  const double step = window[2] / a.width;
  std::vector<Tap> columns(a.width);
  for (int i = 0; i < a.width; ++i) columns[i] = tap(window[0] + (i - 0.5 * a.width) * step, a.image_width);

  const size_t plane = size_t(a.width) * a.height, pitch = size_t(a.image_width) * 3;
  float* out = a.out + n * 3 * plane;
  for (int j = row0; j < row1; ++j) {
    const Tap row = tap(window[1] + (j - 0.5 * a.height) * step, a.image_height);
    const uint8_t *top = a.image + row.at0 * pitch, *bottom = a.image + row.at1 * pitch;
    for (int i = 0; i < a.width; ++i) {
      const Tap& column = columns[i];
      const uint8_t *tl = top + column.at0 * 3, *tr = top + column.at1 * 3;
      const uint8_t *bl = bottom + column.at0 * 3, *br = bottom + column.at1 * 3;
      for (int c = 0; c < 3; ++c) {
        const float value = row.w0 * (column.w0 * tl[c] + column.w1 * tr[c]) +
                            row.w1 * (column.w0 * bl[c] + column.w1 * br[c]);
        out[c * plane + size_t(j) * a.width + i] = (value - a.mean[c]) * a.inv_std[c];
      }
    }
  }
}

}  // namespace glpose
