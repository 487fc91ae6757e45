#include "kernels/crop.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/crop_row.h"

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

using CropRowFunction = void (*)(const CropRow&);

CropRowFunction find_crop_row() {
#ifdef GLPOSE_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return crop_row_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return crop_row_avx2;
#endif
  return crop_row_baseline;
}

}  // namespace

void crop_window(const CropArgs& a, int n) {
  static const CropRowFunction crop_row = find_crop_row();
  const double* window = a.windows + 4 * n;
  const double step = window[2] / a.width;

  std::vector<int> left(a.width), right(a.width);
  std::vector<float> weight_left(a.width), weight_right(a.width);
  int first = a.image_width, last = -1;  // columns of the image that count
  for (int i = 0; i < a.width; ++i) {
    const Tap column = tap(window[0] + (i - 0.5 * a.width) * step, a.image_width);
    left[i] = column.at0;
    right[i] = column.at1;
    weight_left[i] = column.w0;
    weight_right[i] = column.w1;
    if (column.w0 == 0 && column.w1 == 0) continue;
    first = std::min(first, column.at0);
    last = std::max(last, column.at1);
  }
  const int columns = std::max(0, last + 1 - first);
  for (int i = 0; i < a.width; ++i) {
    left[i] = std::max(0, left[i] - first) * 3;  // those without weight read anything that is there
    right[i] = std::max(0, right[i] - first) * 3;
    if (weight_left[i] == 0 && weight_right[i] == 0) left[i] = right[i] = 0;
  }
  std::vector<float> mixed(size_t(columns) * 3);

  const size_t plane = size_t(a.width) * a.height, pitch = size_t(a.image_width) * 3;
  float* out = a.out + n * 3 * plane;
  for (int j = 0; j < a.height; ++j) {
    const Tap row = tap(window[1] + (j - 0.5 * a.height) * step, a.image_height);
    float* planes[3] = {out + size_t(j) * a.width, out + plane + size_t(j) * a.width,
                        out + 2 * plane + size_t(j) * a.width};
    if (columns == 0 || (row.w0 == 0 && row.w1 == 0)) {
      for (int c = 0; c < 3; ++c) std::fill_n(planes[c], a.width, -a.mean[c] * a.inv_std[c]);
      continue;
    }
    CropRow args;
    args.above = a.image + row.at0 * pitch + size_t(first) * 3;
    args.below = a.image + row.at1 * pitch + size_t(first) * 3;
    args.weight_above = row.w0;
    args.weight_below = row.w1;
    args.values = columns * 3;
    args.mixed = mixed.data();
    args.width = a.width;
    args.left = left.data();
    args.right = right.data();
    args.weight_left = weight_left.data();
    args.weight_right = weight_right.data();
    for (int c = 0; c < 3; ++c) {
      args.mean[c] = a.mean[c];
      args.inv_std[c] = a.inv_std[c];
      args.out[c] = planes[c];
    }
    crop_row(args);
  }
}

}  // namespace glpose
