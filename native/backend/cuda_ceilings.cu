// The most that a CUDA device can do, measured.
#include <algorithm>
#include <chrono>

#include "backend/cuda.h"
#include "backend/error.h"
#include "kernels/ceilings/ceilings.cuh"

namespace glpose {
namespace {

/// Device memory for as long as it is measured with.
class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes) { error = cudaMalloc(&data, bytes); }
  ~DeviceMemory() { cudaFree(data); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  void* data = nullptr;
  cudaError_t error;
};

}  // namespace

Ceilings measure_cuda_ceilings(int index) {
  const std::string name = "cuda:" + std::to_string(index);
  make_cuda_backend(index);  // says why where there is no such device
  const auto check = [&](cudaError_t error) {
    if (error == cudaSuccess) return;
    cudaGetLastError();
    throw Error("DEVICE", name + " failed as its ceilings were measured: " + cudaGetErrorString(error));
  };
  cudaDeviceProp properties;
  check(cudaSetDevice(index));
  check(cudaGetDeviceProperties(&properties, index));

  constexpr size_t kBlock = size_t(512) << 20;
  constexpr int kCopies = 8, kRounds = 20'000;
  const int blocks = 4 * properties.multiProcessorCount;
  const DeviceMemory from(kBlock), to(kBlock);
  check(from.error);
  check(to.error);
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const auto best_seconds = [&](const auto& enqueue) {
    double best = 1e9;
    for (int repeat = 0; repeat < 10; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      check(enqueue());
      check(cudaStreamSynchronize(stream));
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  };
  const double copying = best_seconds([&] {
    cudaError_t error = cudaSuccess;
    for (int i = 0; i < kCopies && error == cudaSuccess; ++i)
      error = cudaMemcpyAsync(to.data, from.data, kBlock, cudaMemcpyDeviceToDevice, stream);
    return error;
  });
  const double multiplying =
      best_seconds([&] { return multiply_gpu(static_cast<float*>(to.data), kRounds, blocks, stream); });
  check(cudaStreamDestroy(stream));
  constexpr double kOperations = 2.0 * 16 * 8 * 16 * kCeilingTiles * kRounds;  // of a warp
  return {kOperations * blocks * (kCeilingThreads / 32) / multiplying / 1e9, 2.0 * kBlock * kCopies / copying / 1e9};
}

}  // namespace glpose
