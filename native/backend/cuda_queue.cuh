#pragma once
#include <string>

#include "backend/error.h"
#include "kernels/gpu.h"

namespace glpose {

/// A device's stream, in which work is queued, and what every call to it takes.
struct CudaQueue {
  const int index;  // of the device
  cudaStream_t stream = nullptr;

  std::string device() const { return "cuda:" + std::to_string(index); }

  /// The current device belongs to the thread, and calls come from any.
  void use() const { check(cudaSetDevice(index), "selecting the device"); }

  /// Throws DEVICE.
  void check(cudaError_t error, const char* what) const {
    if (error == cudaSuccess) return;
    cudaGetLastError();
    throw Error("DEVICE", device() + " failed in " + what + ": " + cudaGetErrorString(error));
  }
};

}  // namespace glpose
