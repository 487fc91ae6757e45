#pragma once
#include <memory>

#include "backend/backend.h"

namespace glpose {

/// Throws DEVICE where there is no such device, none that can run the kernels, or none that answers.
std::unique_ptr<Backend> make_cuda_backend(int index);

}  // namespace glpose
