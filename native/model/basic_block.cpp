#include "model/basic_block.h"

namespace glpose {

BasicBlock::BasicBlock(Backend& backend, const TensorMap& tensors, const std::string& name,
                       const std::vector<int>& in_channels, int out_channels, Shortcut shortcut)
    : conv1_(backend.prepare(
          conv_with_bn(tensors, name + ".conv1", name + ".bn1", 3, in_channels, out_channels))),
      conv2_(backend.prepare(
          conv_with_bn(tensors, name + ".conv2", name + ".bn2", 3, {out_channels}, out_channels))) {
  if (shortcut == Shortcut::convolution)
    shortcut_ = backend.prepare(
        conv_with_bn(tensors, name + ".shortcut.conv", name + ".shortcut.bn", 1, in_channels, out_channels));
}

void BasicBlock::run(const Pass& pass, const Args& args) const {
  ConvArgs conv;
  conv.batch = pass.people;
  conv.height = pass.height;
  conv.width = pass.width;

  ConvArgs first = conv;
  first.conv = conv1_.get();
  first.sources = args.sources;
  first.scales = args.scales;
  first.activation = Activation::relu;
  first.out = args.inner;
  pass.conv(first);

  if (shortcut_) {
    ConvArgs shortcut = conv;
    shortcut.conv = shortcut_.get();
    shortcut.sources = args.sources;
    shortcut.scales = args.scales;
    shortcut.out = args.shortcut;
    pass.conv(shortcut);
  }

  ConvArgs second = conv;
  second.conv = conv2_.get();
  second.sources = args.inner;
  second.residual = shortcut_ ? args.shortcut : args.sources;
  second.activation = args.activation;
  second.gated = args.gated;
  second.mask = args.mask;
  second.out = args.out;
  pass.conv(second);
}

}  // namespace glpose
