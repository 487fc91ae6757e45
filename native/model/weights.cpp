#include "model/weights.h"

#include <cmath>

#include "backend/error.h"

namespace glpose {
namespace {

constexpr double kBatchNormEps = 1e-5;

std::string text(const std::vector<int>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace

const HostTensor& find_tensor(const TensorMap& tensors, const std::string& name, const std::vector<int>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end())
    throw Error("MODEL", "the head has no tensor " + name + " (expected shape " + text(shape) + ")");
  if (found->second.shape != shape)
    throw Error("MODEL", "expected shape " + text(shape) + " for the head's tensor " + name + " but received " +
                             text(found->second.shape));
  for (float value : found->second.data)
    if (!std::isfinite(value)) throw Error("MODEL", "the head's tensor " + name + " holds a value that is not finite");
  return found->second;
}

ConvWeights conv_with_bn(const TensorMap& tensors, const std::string& conv, const std::string& bn, int kernel,
                         const std::vector<int>& in_channels, int out_channels) {
  ConvWeights folded{conv, kernel, in_channels, out_channels, {}, {}};
  const std::vector<int> channels = {out_channels};
  folded.weight = find_tensor(tensors, conv + ".weight", {out_channels, folded.in_total(), kernel, kernel}).data;
  const HostTensor& gamma = find_tensor(tensors, bn + ".weight", channels);
  const HostTensor& beta = find_tensor(tensors, bn + ".bias", channels);
  const HostTensor& mean = find_tensor(tensors, bn + ".running_mean", channels);
  const HostTensor& variance = find_tensor(tensors, bn + ".running_var", channels);

  const size_t filter = folded.weight.size() / out_channels;
  for (int o = 0; o < out_channels; ++o) {
    if (variance.data[o] < 0) throw Error("MODEL", "the head's tensor " + bn + ".running_var holds a negative value");
    const double scale = gamma.data[o] / std::sqrt(variance.data[o] + kBatchNormEps);
    for (size_t i = 0; i < filter; ++i) folded.weight[o * filter + i] = float(folded.weight[o * filter + i] * scale);
    folded.bias.push_back(float(beta.data[o] - mean.data[o] * scale));
  }
  return folded;
}

ConvWeights conv_with_bias(const TensorMap& tensors, const std::string& name, int kernel, int in_channels,
                           int out_channels) {
  return {name,
          kernel,
          {in_channels},
          out_channels,
          find_tensor(tensors, name + ".weight", {out_channels, in_channels, kernel, kernel}).data,
          find_tensor(tensors, name + ".bias", {out_channels}).data};
}

}  // namespace glpose
