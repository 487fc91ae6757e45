// conv's specification as plain loops (see conv.h).
#include <cmath>

#include "kernels/conv/conv.h"

namespace glpose {

void conv_reference(const ConvWeights& w, const ConvArgs& a, int person, int y, int x) {
  const int side = w.kernel, pad = side / 2, total = w.in_total(), scale_stride = channel_stride(w.widest()), sources = int(w.in_channels.size());
  const size_t pixel = size_t(y) * a.width + x;
  const int out_stride = channel_stride(w.out_channels);
  const auto at = [&](const Map* maps) { return static_cast<float*>(maps[person].data) + pixel * out_stride; };
  for (int o = 0; o < w.out_channels; ++o) {
    double sum = w.bias[o];
    int first = 0;  // the source's first input channel
    for (int s = 0; s < sources; ++s) {
      const int channels = w.in_channels[s], stride = channel_stride(channels);
      const float* map = static_cast<const float*>(a.sources[size_t(person) * sources + s].data);
      const float* scale = a.scales ? a.scales + (size_t(person) * sources + s) * scale_stride : nullptr;
      for (int c = 0; c < channels; ++c)
        for (int ky = 0; ky < side; ++ky)
          for (int kx = 0; kx < side; ++kx) {
            const int yy = y + ky - pad, xx = x + kx - pad;
            if (yy < 0 || yy >= a.height || xx < 0 || xx >= a.width) continue;
            const double value = map[(size_t(yy) * a.width + xx) * stride + c] * (scale ? scale[c] : 1.0);
            sum += value * w.weight[((size_t(o) * total + first + c) * side + ky) * side + kx];
          }
      first += channels;
    }
    if (a.residual) sum += at(a.residual)[o];
    float out = float(sum);
    if (a.activation == Activation::relu) out = out > 0 ? out : 0;
    if (a.activation == Activation::mask) {
      const float mask = float(1 / (1 + std::exp(sum)));  // 1 − σ(x)
      out = mask * at(a.gated)[o];
      if (a.mask) at(a.mask)[o] = mask;
    }
    at(a.out)[o] = out;
  }
  for (int o = w.out_channels; o < out_stride; ++o) at(a.out)[o] = 0;
}

}  // namespace glpose
