#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"
#include "model/pass.h"
#include "model/weights.h"

namespace glpose {

/// conv3×3-BN-ReLU-conv3×3-BN + shortcut, then an activation. The shortcut is a 1×1 convolution with batch norm, or the
/// input itself.
class BasicBlock {
 public:
  enum class Shortcut { convolution, identity };

  /// @param name prefix of the tensors  @param in_channels of each source map  @param shortcut identity: one source map
  /// of `out_channels`
  BasicBlock(Backend& backend, const TensorMap& tensors, const std::string& name, const std::vector<int>& in_channels,
             int out_channels, Shortcut shortcut);

  struct Args {
    const Map* sources;             // [people, source maps]
    const float* scales = nullptr;  // as in ConvArgs
    const Map* inner;               // [people] scratch: between the two convolutions
    const Map* shortcut;            // [people] scratch: the shortcut's convolution; may be `out`
    const Map* out;                 // [people]; may be `sources` where there is one source and no shortcut convolution
    Activation activation = Activation::relu;
    const Map* gated = nullptr;  // for Activation::mask
    const Map* mask = nullptr;
  };
  void run(const Pass& pass, const Args& args) const;

 private:
  std::unique_ptr<PreparedConv> conv1_, conv2_, shortcut_;
};

}  // namespace glpose
