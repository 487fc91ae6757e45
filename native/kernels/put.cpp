#include "kernels/put.h"

#include <cstring>

namespace glpose {

void put_cpu(const PutArgs& a, int n) {
  const int pixels = a.height * a.width, stride = channel_stride(a.channels);
  float* map = static_cast<float*>(a.maps[n].data);
  std::memset(map, 0, sizeof(float) * stride * pixels);
  // A block of pixels stays in the cache while its channels are interleaved.
  constexpr int kBlock = 256;
  double sums[kChannelAlign];
  for (int c0 = 0; c0 < a.channels; c0 += kChannelAlign) {
    const int c1 = c0 + kChannelAlign < a.channels ? c0 + kChannelAlign : a.channels;
    for (double& sum : sums) sum = 0;
    for (int p0 = 0; p0 < pixels; p0 += kBlock) {
      const int p1 = p0 + kBlock < pixels ? p0 + kBlock : pixels;
      for (int c = c0; c < c1; ++c) {
        const float* from = a.features + (size_t(n) * a.channels + c) * pixels;
        const float mean = a.mean[c], inv_std = a.inv_std[c];
        float sum = 0;
        for (int p = p0; p < p1; ++p) {
          const float v = (from[p] - mean) * inv_std;
          map[size_t(p) * stride + c] = v;
          sum += v;
        }
        sums[c - c0] += sum;
      }
    }
    for (int c = c0; c < c1; ++c) a.embeddings[size_t(n) * a.channels + c] = float(sums[c - c0] / pixels);
  }
}

}  // namespace glpose
