#include "kernels/put.h"

namespace glpose {

void put_cpu(const PutArgs& a, int n, int group) {
  const int pixels = a.height * a.width, stride = channel_stride(a.channels), first = group * kChannelAlign;
  const int channels = a.channels - first < kChannelAlign ? a.channels - first : kChannelAlign;
  const float* from = a.features + (size_t(n) * a.channels + first) * pixels;
  float* to = static_cast<float*>(a.maps[n].data) + first;
  // A square is turned at a time. Each of its columns has a sum of its own: one running sum would have to wait for every
  // addition, and lose digits.
  constexpr int kSquare = 16;
  float square[kChannelAlign][kSquare] = {};  // padding channels stay 0
  float sums[kChannelAlign][kSquare] = {};
  for (int p0 = 0; p0 < pixels; p0 += kSquare) {
    const int count = pixels - p0 < kSquare ? pixels - p0 : kSquare;
    for (int c = 0; c < channels; ++c) {
      const float mean = a.mean[first + c], inv_std = a.inv_std[first + c];
      for (int p = 0; p < count; ++p) {
        square[c][p] = (from[size_t(c) * pixels + p0 + p] - mean) * inv_std;
        sums[c][p] += square[c][p];
      }
    }
    for (int p = 0; p < count; ++p)
      for (int c = 0; c < kChannelAlign; ++c) to[size_t(p0 + p) * stride + c] = square[c][p];
  }
  for (int c = 0; c < channels; ++c) {
    double sum = 0;
    for (float part : sums[c]) sum += part;
    a.embeddings[size_t(n) * a.channels + first + c] = float(sum / pixels);
  }
}

}  // namespace glpose
