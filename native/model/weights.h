#pragma once
#include <map>
#include <string>
#include <vector>

#include "backend/tensor.h"
#include "kernels/conv/conv.h"

namespace glpose {

/*
 * The tensors of head.safetensors, as named by training/model.py:
 *
 *   aggregation.{0,1,2}          basic blocks of Eq. 4; the first reads V_t, locals, globals, then conditions where there are some
 *   psi                          the basic block ψ of Eq. 5      (with enhancement)
 *   enhancement.{0 …}            the basic blocks A of Eq. 5     (with enhancement)
 *   head.weight, head.bias       [K, W, kernel, kernel], [K]
 *
 * A basic block: conv1.weight [out, in, 3, 3], conv2.weight [out, out, 3, 3], bn1 and bn2 with .weight, .bias,
 * .running_mean, .running_var [out]; and, in aggregation.0, in enhancement.0 and in psi where C ≠ W,
 * shortcut.conv.weight [out, in, 1, 1] and shortcut.bn.*.
 */
using TensorMap = std::map<std::string, HostTensor>;

/// Throws MODEL naming the tensor, the expected and the seen shape.
const HostTensor& find_tensor(const TensorMap& tensors, const std::string& name, const std::vector<int>& shape);

/// A convolution without bias, `conv`.weight, with the batch norm `bn`.* behind it folded in (eps 1e-5, as PyTorch's).
ConvWeights conv_with_bn(const TensorMap& tensors, const std::string& conv, const std::string& bn, int kernel,
                         const std::vector<int>& in_channels, int out_channels);

/// A convolution with its own bias: `name`.weight, `name`.bias.
ConvWeights conv_with_bias(const TensorMap& tensors, const std::string& name, int kernel, int in_channels,
                           int out_channels);

}  // namespace glpose
