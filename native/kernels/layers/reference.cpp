#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/layers/layers.h"

namespace glpose {
namespace {

/// A channel of a pixel of an image.
float& at(const Map* maps, int image, int channels, size_t pixel, int c) {
  return static_cast<float*>(maps[image].data)[pixel * channel_stride(channels) + c];
}

/// Calls value(y, x, c) of every channel of a map, and makes the padding 0.
template <class Value>
void fill(const Map* out, int image, const MapSize& size, const Value& value) {
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      for (int c = 0; c < channel_stride(size.channels); ++c)
        at(out, image, size.channels, size_t(y) * size.width + x, c) = c < size.channels ? float(value(y, x, c)) : 0;
}

double ended(const LayerEnd& end, double x) {
  return end.sigmoid ? 1 / (1 + std::exp(-x)) : std::min(std::max(x, double(end.low)), double(end.high));
}

}  // namespace

void reference(const LoadArgs& a, int image) {
  const auto [channels, height, width] = a.size;
  fill(a.out, image, a.size, [&, channels = channels, height = height, width = width](int y, int x, int c) {
    return a.planes[((size_t(image) * channels + c) * height + y) * width + x];
  });
}

void reference(const UnloadArgs& a, int image) {
  const size_t pixels = size_t(a.size.height) * a.size.width;
  for (int c = 0; c < a.size.channels; ++c)
    for (size_t p = 0; p < pixels; ++p)
      a.planes[(size_t(image) * a.size.channels + c) * pixels + p] = at(a.source, image, a.size.channels, p, c);
}

void reference(const SumArgs& a, int image) {
  fill(a.out, image, a.size, [&](int y, int x, int c) {
    double sum = 0;
    for (int t = 0; t < a.count; ++t) {
      const int factor = a.terms[t].factor;
      sum += at(a.terms[t].map, image, a.size.channels, size_t(y / factor) * (a.size.width / factor) + x / factor, c);
    }
    return ended(a.end, sum);
  });
}

void reference(const ProductArgs& a, int image) {
  fill(a.out, image, a.size, [&](int y, int x, int c) {
    const size_t pixel = size_t(y) * a.size.width + x;
    return double(at(a.a, image, a.size.channels, pixel, c)) * at(a.b, image, a.size.channels, pixel, c);
  });
}

void reference(const ConcatArgs& a, int image) {
  MapSize size{0, a.height, a.width};
  for (int s = 0; s < a.count; ++s) size.channels += a.channels[s];
  fill(a.out, image, size, [&](int y, int x, int c) {
    int s = 0;
    while (c >= a.channels[s]) c -= a.channels[s++];
    return at(a.sources[s], image, a.channels[s], size_t(y) * a.width + x, c);
  });
}

void reference(const ResizeArgs& a, int image) {
  fill(a.out, image, {a.in.channels, a.height, a.width}, [&](int y, int x, int c) {
    const auto along = [](const AxisTap& tap, const auto& value) {
      return (1 - double(tap.weight)) * value(tap.first) + double(tap.weight) * value(tap.second);
    };
    return along(a.rows[y], [&](int row) {
      return along(a.columns[x], [&](int column) {
        return double(at(a.source, image, a.in.channels, size_t(row) * a.in.width + column, c));
      });
    });
  });
}

void reference(const PoolArgs& a, int image) {
  fill(a.out, image, {a.in.channels, a.height, a.width}, [&](int y, int x, int c) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    int count = 0;
    for (int row = y * a.stride - a.pad_top; row < y * a.stride - a.pad_top + a.kernel_height; ++row)
      for (int column = x * a.stride - a.pad_left; column < x * a.stride - a.pad_left + a.kernel_width; ++column) {
        if (row < 0 || row >= a.in.height || column < 0 || column >= a.in.width) continue;
        const double value = at(a.source, image, a.in.channels, size_t(row) * a.in.width + column, c);
        largest = std::max(largest, value);
        sum += value;
        ++count;
      }
    return a.max ? largest : sum / count;
  });
}

}  // namespace glpose
