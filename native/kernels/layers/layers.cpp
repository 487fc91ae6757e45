#include "kernels/layers/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace glpose {
namespace {

const float* floats(const Map* maps, int image) { return static_cast<const float*>(maps[image].data); }

float* row_of(const Map* maps, int image, int row, int width, int channels) {
  return static_cast<float*>(maps[image].data) + size_t(row) * width * channel_stride(channels);
}

void finish(const LayerEnd& end, float* row, int width, int channels) {
  const int stride = channel_stride(channels), count = width * stride;
  if (end.sigmoid)
    for (int i = 0; i < count; ++i) row[i] = 1 / (1 + std::exp(-row[i]));
  else if (end.low == 0 && end.high == INFINITY)
    for (int i = 0; i < count; ++i) row[i] = row[i] < 0 ? 0 : row[i];
  else
    for (int i = 0; i < count; ++i) row[i] = row[i] < end.low ? end.low : row[i] > end.high ? end.high : row[i];
  if (end.zero_moves())
    for (int x = 0; x < width; ++x) std::fill(row + x * stride + channels, row + (x + 1) * stride, 0.f);
}

}  // namespace

void load_cpu(const LoadArgs& a, int image, int row) {
  const auto [channels, height, width] = a.size;
  const int stride = channel_stride(channels);
  float* out = row_of(a.out, image, row, width, channels);
  std::fill(out, out + size_t(width) * stride, 0.f);
  for (int c = 0; c < channels; ++c) {
    const float* from = a.planes + ((size_t(image) * channels + c) * height + row) * width;
    for (int x = 0; x < width; ++x) out[size_t(x) * stride + c] = from[x];
  }
}

void unload_cpu(const UnloadArgs& a, int image, int row) {
  const auto [channels, height, width] = a.size;
  const int stride = channel_stride(channels);
  const float* from = floats(a.source, image) + size_t(row) * width * stride;
  for (int c = 0; c < channels; ++c) {
    float* to = a.planes + ((size_t(image) * channels + c) * height + row) * width;
    for (int x = 0; x < width; ++x) to[x] = from[size_t(x) * stride + c];
  }
}

void sum_cpu(const SumArgs& a, int image, int row) {
  const int stride = channel_stride(a.size.channels), width = a.size.width;
  float* out = row_of(a.out, image, row, width, a.size.channels);
  for (int t = 0; t < a.count; ++t) {
    const int factor = a.terms[t].factor;
    const float* from = floats(a.terms[t].map, image) + size_t(row / factor) * (width / factor) * stride;
    for (int x = 0; x < width; x += factor, from += stride)
      for (int repeat = 0; repeat < factor; ++repeat) {
        float* to = out + size_t(x + repeat) * stride;
        if (t == 0) std::memcpy(to, from, stride * sizeof(float));
        else
          for (int c = 0; c < stride; ++c) to[c] += from[c];
      }
  }
  finish(a.end, out, width, a.size.channels);
}

void product_cpu(const ProductArgs& a, int image, int row) {
  const auto [channels, height, width] = a.size;
  const size_t first = size_t(row) * width * channel_stride(channels);
  const float *left = floats(a.a, image) + first, *right = floats(a.b, image) + first;
  float* out = row_of(a.out, image, row, width, channels);
  for (int i = 0; i < width * channel_stride(channels); ++i) out[i] = left[i] * right[i];
}

void concat_cpu(const ConcatArgs& a, int image, int row) {
  int total = 0;
  for (int s = 0; s < a.count; ++s) total += a.channels[s];
  const int out_stride = channel_stride(total);
  float* out = row_of(a.out, image, row, a.width, total);
  std::fill(out, out + size_t(a.width) * out_stride, 0.f);
  for (int s = 0; s < a.count; out += a.channels[s++]) {
    const int stride = channel_stride(a.channels[s]);
    const float* from = floats(a.sources[s], image) + size_t(row) * a.width * stride;
    for (int x = 0; x < a.width; ++x) std::copy_n(from + size_t(x) * stride, a.channels[s], out + size_t(x) * out_stride);
  }
}

void resize_cpu(const ResizeArgs& a, int image, int row) {
  const int stride = channel_stride(a.in.channels);
  const AxisTap y = a.rows[row];
  const float* source = floats(a.source, image);
  const float *upper = source + size_t(y.first) * a.in.width * stride, *lower = source + size_t(y.second) * a.in.width * stride;
  float* out = row_of(a.out, image, row, a.width, a.in.channels);
  for (int i = 0; i < a.width; ++i, out += stride) {
    const AxisTap x = a.columns[i];
    const size_t left = size_t(x.first) * stride, right = size_t(x.second) * stride;
    const float w11 = x.weight * y.weight, w10 = y.weight - w11, w01 = x.weight - w11, w00 = 1 - x.weight - w10;
    for (int c = 0; c < stride; ++c)
      out[c] = upper[left + c] * w00 + upper[right + c] * w01 + lower[left + c] * w10 + lower[right + c] * w11;
  }
}

void pool_cpu(const PoolArgs& a, int image, int row) {
  const int stride = channel_stride(a.in.channels);
  float* out = row_of(a.out, image, row, a.width, a.in.channels);
  const int top = row * a.stride - a.pad_top;
  const int y0 = std::max(top, 0), y1 = std::min(top + a.kernel_height, a.in.height);
  for (int i = 0; i < a.width; ++i, out += stride) {
    const int left = i * a.stride - a.pad_left;
    const int x0 = std::max(left, 0), x1 = std::min(left + a.kernel_width, a.in.width);
    for (int c = 0; c < stride; ++c) out[c] = a.max && c < a.in.channels ? -INFINITY : 0;
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x) {
        const float* from = floats(a.source, image) + (size_t(y) * a.in.width + x) * stride;
        if (a.max)
          for (int c = 0; c < stride; ++c) out[c] = from[c] > out[c] ? from[c] : out[c];
        else
          for (int c = 0; c < stride; ++c) out[c] += from[c];
      }
    const float share = 1.f / float((y1 - y0) * (x1 - x0));
    for (int c = 0; c < stride && !a.max; ++c) out[c] *= share;
  }
}

}  // namespace glpose
