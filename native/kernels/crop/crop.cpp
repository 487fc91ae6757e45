#include "kernels/crop/crop.h"

#include <algorithm>
#include <cstddef>

#include "kernels/crop/row.h"

namespace glpose {

WindowCrop::Taps WindowCrop::taps(double centre, double step, int samples, int size) {
  Taps t;
  int first = size, last = -1;
  for (int i = 0; i < samples; ++i) {
    const CropTap tap = crop_tap(centre, step, i, samples, size);
    t.w0.push_back(tap.w0);
    t.w1.push_back(tap.w1);
    t.at0.push_back(tap.at0);
    t.at1.push_back(tap.at1);
    if (!tap.inside) continue;
    first = std::min(first, t.at0.back());
    last = std::max(last, t.at1.back());
  }
  t.first = first;
  t.count = std::max(0, last + 1 - first);
  for (int i = 0; i < samples; ++i) {
    const bool reads = t.w0[i] != 0 || t.w1[i] != 0;  // the others read anything that is there
    t.at0[i] = reads ? t.at0[i] - first : 0;
    t.at1[i] = reads ? t.at1[i] - first : 0;
  }
  return t;
}

WindowCrop::WindowCrop(const CropArgs& a, int n) {
  const double* window = a.windows + 4 * n;
  const double step = window[2] / a.width;
  columns_ = taps(window[0], step, a.width, a.image_width);
  rows_ = taps(window[1], step, a.height, a.image_height);
  std::copy_n(a.mean, 3, mean_);
  std::copy_n(a.inv_std, 3, inv_std_);
  if (columns_.count == 0) return;
  // Where the window is made smaller, rows between those that are read are left out.
  std::vector<int> place(rows_.count, -1);
  for (int i = 0; i < a.height; ++i)
    if (rows_.w0[i] != 0 || rows_.w1[i] != 0) place[rows_.at0[i]] = place[rows_.at1[i]] = 0;
  int count = 0;
  for (int& row : place)
    if (row == 0) row = count++;
  patch_.reserve(size_t(count) * columns_.count * 3);
  for (int y = 0; y < rows_.count; ++y) {
    if (place[y] < 0) continue;
    const uint8_t* row = a.image + (size_t(rows_.first + y) * a.image_width + columns_.first) * 3;
    patch_.insert(patch_.end(), row, row + size_t(columns_.count) * 3);
  }
  for (std::vector<int>* rows : {&rows_.at0, &rows_.at1})
    for (int& row : *rows) row = rows_.count > 0 ? std::max(place[row], 0) : 0;
  for (std::vector<int>* places : {&columns_.at0, &columns_.at1})
    for (int& place : *places) place *= 3;  // of the red value
}

void WindowCrop::run(float* out, Isa isa) const {
  const auto crop_row = GLPOSE_FOR_ISA(isa, crop_row);
  const int width = int(columns_.at0.size()), height = int(rows_.at0.size());
  const size_t plane = size_t(width) * height, pitch = size_t(columns_.count) * 3;
  std::vector<float> mixed(pitch + 1);
  CropRow args;
  args.values = int(pitch);
  args.mixed = mixed.data();
  args.width = width;
  args.left = columns_.at0.data();
  args.right = columns_.at1.data();
  args.weight_left = columns_.w0.data();
  args.weight_right = columns_.w1.data();
  std::copy_n(mean_, 3, args.mean);
  std::copy_n(inv_std_, 3, args.inv_std);
  for (int j = 0; j < height; ++j) {
    for (int c = 0; c < 3; ++c) args.out[c] = out + c * plane + size_t(j) * width;
    args.weight_above = rows_.w0[j];
    args.weight_below = rows_.w1[j];
    if (patch_.empty() || (args.weight_above == 0 && args.weight_below == 0)) {
      for (int c = 0; c < 3; ++c) std::fill_n(args.out[c], width, -mean_[c] * inv_std_[c]);
      continue;
    }
    args.above = patch_.data() + rows_.at0[j] * pitch;
    args.below = patch_.data() + rows_.at1[j] * pitch;
    crop_row(args);
  }
}

void crop_map_cpu(const CropMapsArgs& a, int n, Isa isa) {
  const ImageWindow& from = a.windows[n];
  const double window[4] = {from.x, from.y, from.width};
  CropArgs args{from.image, from.image_width, from.image_height, window, a.width, a.height, {}, {}};
  std::copy_n(a.mean, 3, args.mean);
  std::copy_n(a.inv_std, 3, args.inv_std);
  const int plane = a.width * a.height, stride = channel_stride(3);
  std::vector<float> planes(size_t(3) * plane);
  WindowCrop(args, 0).run(planes.data(), isa);
  float* to = static_cast<float*>(a.out[n].data);
  std::fill_n(to, size_t(plane) * stride, 0.f);
  for (int c = 0; c < 3; ++c)
    for (int p = 0; p < plane; ++p) {
      const int i = p % a.width, mirrored = p - i + a.width - 1 - i;
      to[size_t(p) * stride + c] = planes[size_t(c) * plane + (from.mirrored ? mirrored : p)];
    }
}

}  // namespace glpose
