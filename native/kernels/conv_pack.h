#pragma once
#include "kernels/conv.h"

namespace glpose {

/// Weights for ConvKernels::direct: per source [ky, kx, in, channel_stride(out)].
std::vector<float> pack_direct(const ConvWeights& weights);

/// Weights for ConvKernels::winograd, G w Gᵀ: per source [36, in, channel_stride(out)].
std::vector<float> pack_winograd(const ConvWeights& weights);

}  // namespace glpose
