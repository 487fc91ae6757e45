#pragma once
#include "kernels/conv/conv.h"

namespace glpose {

/// Weights for ConvKernels::direct: [ky, kx, Σ in, channel_stride(out)].
std::vector<float> pack_direct(const ConvWeights& weights);

/// Weights for ConvKernels::winograd, G w Gᵀ: [36, Σ in, channel_stride(out)].
std::vector<float> pack_winograd(const ConvWeights& weights);

}  // namespace glpose
