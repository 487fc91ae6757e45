#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/error.h"
#ifdef GLPOSE_WITH_CUDA
#include "backend/cuda.h"
#endif

namespace glpose {

namespace {

/// The index of `cuda:<index>`, which this build can run; -1 for `cpu`.
int cuda_index(const std::string& device) {
  if (device == "cpu") return -1;
  if (device.rfind("cuda:", 0) == 0) {
#ifdef GLPOSE_WITH_CUDA
    if (device.size() > 5 && device.size() < 10 && device.find_first_not_of("0123456789", 5) == std::string::npos)
      return std::stoi(device.substr(5));
#else
    throw Error("DEVICE", "no device " + device + ": " + cuda_info().problem);
#endif
  }
  throw Error("DEVICE", "expected cpu or cuda:<index> for the device but received " + device);
}

}  // namespace

#ifdef GLPOSE_WITH_CUDA
std::unique_ptr<Backend> select_backend(const std::string& device) {
  const int index = cuda_index(device);
  return index < 0 ? make_cpu_backend() : make_cuda_backend(index);
}

Ceilings measure_ceilings(const std::string& device) {
  const int index = cuda_index(device);
  return index < 0 ? measure_cpu_ceilings() : measure_cuda_ceilings(index);
}
#else
std::unique_ptr<Backend> select_backend(const std::string& device) {
  cuda_index(device);
  return make_cpu_backend();
}

Ceilings measure_ceilings(const std::string& device) {
  cuda_index(device);
  return measure_cpu_ceilings();
}
#endif

#ifndef GLPOSE_WITH_CUDA
CudaInfo cuda_info() {
  CudaInfo info;
  info.problem = "this build of glpose has no CUDA kernels (built without a CUDA compiler, or with GLPOSE_CUDA=off)";
  return info;
}
#endif

}  // namespace glpose
