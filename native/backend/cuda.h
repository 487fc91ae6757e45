#pragma once
#include <memory>

#include "backend/backend.h"

namespace glpose {

/// Bytes of an extractor's maps that are on the device at a time while they are taken in.
constexpr size_t kPutBytes = size_t(64) << 20;

/// Throws DEVICE where there is no such device, none that can run the kernels, or none that answers.
std::unique_ptr<Backend> make_cuda_backend(int index, size_t put_bytes = kPutBytes);

/// Of that device. Throws DEVICE.
Ceilings measure_cuda_ceilings(int index);

}  // namespace glpose
