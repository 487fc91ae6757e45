#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "backend/tensor.h"

namespace glpose {

/*
 * conv: a square convolution, stride 1, zero padding that keeps h×w, over the channels of several maps one after the
 * other, each optionally weighted per channel — Eq. 4's concat[V_t, w V_l …, W_g V_g …] is never materialised —
 * with everything up to the next convolution in its epilogue:
 *
 *   x = Σ_r conv_r(scale_r ⊙ source_r) + bias [+ residual]
 *   out = x                    linear
 *   out = max(x, 0)            relu
 *   out = (1 − σ(x)) ⊙ gated   mask: M ⊙ S of Eq. 5; M itself goes to `mask` where asked for
 *
 * Layout: maps as in backend/tensor.h; padding channels of `out` become 0. `out` may alias `residual` and `gated`, never
 * a source.
 * Tolerance, NMSE against float64: 1e-10 on the CPU (Winograd included), 1e-5 on a GPU (half inputs, float sums).
 */

/// A convolution with its batch norm folded in.
struct ConvWeights {
  std::string name;              // of its tensors, for reports
  int kernel = 1;                // side: 1, 3 or 5
  std::vector<int> in_channels;  // of each source map
  int out_channels = 0;
  std::vector<float> weight;  // [out, Σ in, kernel, kernel]
  std::vector<float> bias;    // [out]

  int in_total() const {
    int total = 0;
    for (int channels : in_channels) total += channels;
    return total;
  }
  /// Channels of the widest source.
  int widest() const { return *std::max_element(in_channels.begin(), in_channels.end()); }
};

/// A convolution in its backend's own form.
class PreparedConv {
 public:
  explicit PreparedConv(const ConvWeights& weights)
      : name_(weights.name),
        macs_per_pixel_(double(weights.in_total()) * weights.out_channels * weights.kernel * weights.kernel) {}
  virtual ~PreparedConv() = default;
  const std::string& name() const { return name_; }
  /// Multiplications that the definition takes for one output pixel.
  double macs_per_pixel() const { return macs_per_pixel_; }

 private:
  std::string name_;
  double macs_per_pixel_;
};

enum class Activation { linear, relu, mask };

struct ConvArgs {
  const PreparedConv* conv = nullptr;
  int batch = 0, height = 0, width = 0;
  const Map* sources = nullptr;   // [batch, source maps]
  const float* scales = nullptr;  // [batch, source maps, channel_stride(the widest source's channels)]; null: all 1
  const Map* residual = nullptr;  // [batch] or null
  Activation activation = Activation::linear;
  const Map* gated = nullptr;  // [batch], for mask
  const Map* mask = nullptr;   // [batch] or null, out: M
  const Map* out = nullptr;    // [batch]
};

/// The specification as plain loops (reference.cpp, which only the tests compile): one output pixel (y, x) of one person,
/// every channel. Maps as on the CPU.
void conv_reference(const ConvWeights& weights, const ConvArgs& args, int person, int y, int x);

}  // namespace glpose
