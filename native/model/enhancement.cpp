#include "model/enhancement.h"

namespace glpose {

Enhancement::Enhancement(Backend& backend, const TensorMap& tensors, const HeadShape& shape)
    : psi_(backend, tensors, "psi", {shape.channels}, shape.block_width,
           shape.channels == shape.block_width ? BasicBlock::Shortcut::identity : BasicBlock::Shortcut::convolution) {
  std::vector<int> in_channels = {shape.block_width, shape.channels};
  for (int i = 0; i < shape.enhancement_blocks; ++i) {
    a_.emplace_back(backend, tensors, "enhancement." + std::to_string(i), in_channels, shape.block_width,
                    i == 0 ? BasicBlock::Shortcut::convolution : BasicBlock::Shortcut::identity);
    in_channels = {shape.block_width};
  }
}

void Enhancement::run(const Pass& pass, const Args& args) const {
  BasicBlock::Args psi;
  psi.sources = args.key;
  psi.inner = args.inner;
  psi.shortcut = args.f;  // free until A writes F
  psi.activation = Activation::mask;
  psi.gated = args.s;
  psi.mask = args.mask;
  psi.out = args.s;
  psi_.run(pass, psi);

  BasicBlock::Args a;
  a.sources = args.s_and_key;
  a.inner = args.inner;
  a.shortcut = args.f;
  a.out = args.f;
  for (const BasicBlock& block : a_) {
    block.run(pass, a);
    a.sources = args.f;
  }
}

}  // namespace glpose
