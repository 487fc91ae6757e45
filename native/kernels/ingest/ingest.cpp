#include "kernels/ingest/ingest.h"

#include "kernels/transpose.h"

namespace glpose {
void ingest_cpu(const IngestArgs& a, int n, int group) {
  const int pixels = a.height * a.width, stride = channel_stride(a.channels), first = group * kChannelAlign;
  const int channels = a.channels - first < kChannelAlign ? a.channels - first : kChannelAlign;
  const float* from = a.features + (size_t(n) * a.channels + first) * pixels;
  float* to = static_cast<float*>(a.maps[n].data) + first;
  double sums[kChannelAlign] = {};

  // A cache line of each channel at a time: planes are often a multiple of 4 KiB apart, and only a few lines that far apart
  // stay in a first-level cache.
  constexpr int kLine = 16;
  int p0 = 0;
  for (; p0 + kLine <= pixels; p0 += kLine) {
    for (int c0 = 0; c0 < kChannelAlign; c0 += kSide) {
      Four square[kLine / kSide][kSide] = {};  // padding channels stay 0
      for (int c = c0; c < c0 + kSide && c < channels; ++c) {
        const float mean = a.mean[first + c], inv_std = a.inv_std[first + c];
        Four sum = {};
        for (int q = 0; q < kLine / kSide; ++q) {
          const Four v = (load(from + size_t(c) * pixels + p0 + q * kSide) - mean) * inv_std;
          square[q][c - c0] = v;
          sum += v;
        }
        sums[c] += sum[0] + sum[1] + sum[2] + sum[3];
      }
      for (int q = 0; q < kLine / kSide; ++q) {
        transpose(square[q]);
        for (int p = 0; p < kSide; ++p) store(to + size_t(p0 + q * kSide + p) * stride + c0, square[q][p]);
      }
    }
  }
  for (; p0 < pixels; ++p0) {
    float* pixel = to + size_t(p0) * stride;
    for (int c = 0; c < kChannelAlign; ++c) pixel[c] = 0;
    for (int c = 0; c < channels; ++c) {
      pixel[c] = (from[size_t(c) * pixels + p0] - a.mean[first + c]) * a.inv_std[first + c];
      sums[c] += pixel[c];
    }
  }
  for (int c = 0; c < channels; ++c) a.embeddings[size_t(n) * a.channels + first + c] = float(sums[c] / pixels);
}

}  // namespace glpose
