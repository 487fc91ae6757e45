#include "kernels/conv/pack.h"

#include "kernels/conv/strip.h"

namespace glpose {
namespace {

// G of F(4×4, 3×3) at the points 0, ±1, ±2, ∞ (Lavin & Gray 2016).
constexpr double kG[kPatch][3] = {{1. / 4, 0, 0},
                                  {-1. / 6, -1. / 6, -1. / 6},
                                  {-1. / 6, 1. / 6, -1. / 6},
                                  {1. / 24, 1. / 12, 1. / 6},
                                  {1. / 24, -1. / 12, 1. / 6},
                                  {0, 0, 1}};

/// Calls fill(filter [kernel, kernel], to, step): `to` is where tap 0 goes, `step` elements on is the next tap.
template <class Fill>
std::vector<float> pack(const ConvWeights& w, int taps, Fill fill) {
  const int stride = channel_stride(w.out_channels), total = w.in_total(), area = w.kernel * w.kernel;
  std::vector<float> packed(size_t(taps) * total * stride, 0.f);
  for (int o = 0; o < w.out_channels; ++o)
    for (int i = 0; i < total; ++i)
      fill(w.weight.data() + (size_t(o) * total + i) * area, packed.data() + size_t(i) * stride + o,
           size_t(total) * stride);
  return packed;
}

}  // namespace

std::vector<float> pack_direct(const ConvWeights& w) {
  const int taps = w.kernel * w.kernel;
  return pack(w, taps, [&](const float* filter, float* to, size_t step) {
    for (int t = 0; t < taps; ++t) to[t * step] = filter[t];
  });
}

std::vector<float> pack_winograd(const ConvWeights& w) {
  return pack(w, kPatch * kPatch, [&](const float* filter, float* to, size_t step) {
    double half[kPatch][3];  // G w
    for (int y = 0; y < kPatch; ++y)
      for (int x = 0; x < 3; ++x)
        half[y][x] = kG[y][0] * filter[x] + kG[y][1] * filter[3 + x] + kG[y][2] * filter[6 + x];
    for (int y = 0; y < kPatch; ++y)
      for (int x = 0; x < kPatch; ++x)
        to[(y * kPatch + x) * step] = float(half[y][0] * kG[x][0] + half[y][1] * kG[x][1] + half[y][2] * kG[x][2]);
  });
}

}  // namespace glpose
