#pragma once
#include <memory>

#include "backend/backend.h"
#include "backend/cuda_queue.cuh"
#include "backend/layers.h"

namespace glpose {

/// The kernels of networks on a GPU. Both must outlive it.
/// @param backend whose memory the maps are in  @param queue its queue
/// @param many_blocks of a convolution that keep a device busy
std::unique_ptr<Layers> make_cuda_layers(Backend& backend, const CudaQueue& queue, int many_blocks);

}  // namespace glpose
