#include "model/aggregation.h"

namespace glpose {

Aggregation::Aggregation(Backend& backend, const TensorMap& tensors, const HeadShape& shape) {
  std::vector<int> in_channels(1 + shape.references(), shape.channels);
  if (shape.conditions) in_channels.push_back(condition_channels(shape.k));
  for (int i = 0; i < 3; ++i) {
    blocks_.emplace_back(backend, tensors, "aggregation." + std::to_string(i), in_channels, shape.block_width,
                         i == 0 ? BasicBlock::Shortcut::convolution : BasicBlock::Shortcut::identity);
    in_channels = {shape.block_width};
  }
}

void Aggregation::run(const Pass& pass, const Map* maps, const float* weights, const Map* inner, const Map* s) const {
  BasicBlock::Args args;
  args.sources = maps;
  args.scales = weights;
  args.inner = inner;
  args.shortcut = s;
  args.out = s;
  for (const BasicBlock& block : blocks_) {
    block.run(pass, args);
    args.sources = s;  // the later blocks work in place
    args.scales = nullptr;
  }
}

}  // namespace glpose
