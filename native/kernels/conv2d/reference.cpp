#include <cmath>

#include "kernels/conv2d/conv2d.h"

namespace glpose {

void conv2d_reference(const Conv2dWeights& w, const Conv2dArgs& a, int image, int y, int x) {
  const int in_stride = channel_stride(w.in_channels), out_stride = channel_stride(w.out_channels);
  const float* source = static_cast<const float*>(a.source[image].data);
  const size_t place = (size_t(y) * a.width + x) * out_stride;
  float* out = static_cast<float*>(a.out[image].data) + place;
  const float* addend = a.addend ? static_cast<const float*>(a.addend[image].data) + place : nullptr;
  const int inputs = w.depthwise ? 1 : w.in_channels;
  for (int o = 0; o < w.out_channels; ++o) {
    double sum = w.bias[o];
    for (int i = 0; i < inputs; ++i)
      for (int ky = 0; ky < w.kernel; ++ky)
        for (int kx = 0; kx < w.kernel; ++kx) {
          const int yy = y * w.stride + ky - w.pad_top, xx = x * w.stride + kx - w.pad_left;
          if (yy < 0 || yy >= a.in_height || xx < 0 || xx >= a.in_width) continue;
          const double value = source[(size_t(yy) * a.in_width + xx) * in_stride + (w.depthwise ? o : i)];
          sum += value * w.weight[((size_t(o) * inputs + i) * w.kernel + ky) * w.kernel + kx];
        }
    if (addend) sum += addend[o];
    if (a.end.sigmoid) sum = 1 / (1 + std::exp(-sum));
    out[o] = float(std::fmin(std::fmax(sum, a.end.low), a.end.high));
  }
  for (int o = w.out_channels; o < out_stride; ++o) out[o] = 0;
}

}  // namespace glpose
