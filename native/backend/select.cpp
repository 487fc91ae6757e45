#include <map>

#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/cuda.h"
#include "backend/error.h"

namespace glpose {
namespace {

/// The index of `cuda:<index>`.
int cuda_index(const std::string& device) {
  if (device.rfind("cuda:", 0) == 0 && device.size() > 5 && device.size() < 10 &&
      device.find_first_not_of("0123456789", 5) == std::string::npos)
    return std::stoi(device.substr(5));
  throw Error("DEVICE", "expected cpu or cuda:<index> for the device but received " + device);
}

}  // namespace

std::shared_ptr<Backend> select_backend(const std::string& device) {
  if (device == "cpu") return make_cpu_backend();
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<Backend>> shared;
  std::lock_guard lock(mutex);
  const int index = cuda_index(device);
  std::shared_ptr<Backend> backend = shared[index].lock();
  if (!backend) shared[index] = backend = make_cuda_backend(index);
  return backend;
}

Ceilings measure_ceilings(const std::string& device) {
  return device == "cpu" ? measure_cpu_ceilings() : measure_cuda_ceilings(cuda_index(device));
}

#ifndef GLPOSE_WITH_CUDA
CudaInfo cuda_info() {
  CudaInfo info;
  info.problem = "this build of glpose has no CUDA kernels (built without a CUDA compiler, or with GLPOSE_CUDA=off)";
  return info;
}

std::unique_ptr<Backend> make_cuda_backend(int index, const CudaLimits&) {
  throw Error("DEVICE", "no device cuda:" + std::to_string(index) + ": " + cuda_info().problem);
}

Ceilings measure_cuda_ceilings(int index) {
  make_cuda_backend(index);
  return {};
}
#endif

}  // namespace glpose
