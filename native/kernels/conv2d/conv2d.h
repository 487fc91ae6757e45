#pragma once
#include <string>
#include <vector>

#include "kernels/layers/layers.h"

namespace glpose {

/*
 * conv2d: a square convolution of one map as networks have it, with what follows in its epilogue:
 *
 *   x[o, y, x'] = Σ_i,ky,kx w[o, i, ky, kx] · source[i, y·stride + ky − pad_top, x'·stride + kx − pad_left] + bias[o] [+ addend]
 *   out = x, kept within [low, high]   clip (ReLU: [0, ∞))
 *   out = σ(x)                         sigmoid
 *
 * What lies outside the source is 0. Depthwise: i = o only. Layout: maps as in backend/tensor.h; padding channels of `out` become 0.
 * `out` may alias `addend`, never `source`.
 * Tolerance, NMSE against float64: 1e-10 on the CPU (Winograd included).
 */

constexpr int kLargestKernel = 7, kLargestStride = 2;

struct Conv2dWeights {
  std::string name;  // for reports
  int kernel = 1, stride = 1;
  int pad_top = 0, pad_left = 0;  // below kernel
  int in_channels = 0, out_channels = 0;
  bool depthwise = false;
  std::vector<float> weight;  // [out, in, kernel, kernel]; depthwise [out, kernel, kernel]
  std::vector<float> bias;    // [out]
};

/// The convolution in its backend's own form.
class PreparedConv2d {
 public:
  explicit PreparedConv2d(const Conv2dWeights& w)
      : name_(w.name),
        macs_per_pixel_(double(w.depthwise ? 1 : w.in_channels) * w.out_channels * w.kernel * w.kernel) {}
  virtual ~PreparedConv2d() = default;
  const std::string& name() const { return name_; }
  /// Multiplications that the definition takes for one output pixel.
  double macs_per_pixel() const { return macs_per_pixel_; }

 private:
  std::string name_;
  double macs_per_pixel_;
};

struct Conv2dArgs {
  const PreparedConv2d* conv = nullptr;
  int batch = 0;
  int in_height = 0, in_width = 0, height = 0, width = 0;
  const Map* source = nullptr;  // [batch]
  const Map* addend = nullptr;  // [batch] or null
  const Map* out = nullptr;     // [batch]
  LayerEnd end;
};

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU. One output pixel (y, x) of
/// one image, every channel.
void conv2d_reference(const Conv2dWeights& weights, const Conv2dArgs& args, int image, int y, int x);

}  // namespace glpose
