#pragma once
#include <memory>

#include "backend/backend.h"

namespace glpose {

/// Sizes from which on the backend works differently.
struct CudaLimits {
  /// Of an extractor's maps that are on the device at a time while they are taken in.
  size_t ingest_bytes = size_t(64) << 20;
  /// Blocks of a convolution that keep a device busy: about one for each multiprocessor of the largest. (On an H200, of 64,
  /// 128, 192 and 256 the best.)
  int many_blocks = 128;
};

/// Throws DEVICE where there is no such device, none that can run the kernels, or none that answers.
std::unique_ptr<Backend> make_cuda_backend(int index, const CudaLimits& limits = {});

/// Of that device. Throws DEVICE.
Ceilings measure_cuda_ceilings(int index);

}  // namespace glpose
