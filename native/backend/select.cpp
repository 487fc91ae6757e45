#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/error.h"
#ifdef GLPOSE_WITH_CUDA
#include "backend/cuda.h"
#endif

namespace glpose {

std::unique_ptr<Backend> select_backend(const std::string& device) {
  if (device == "cpu") return make_cpu_backend();
#ifdef GLPOSE_WITH_CUDA
  if (device.rfind("cuda:", 0) == 0 && device.size() > 5 && device.size() < 10 &&
      device.find_first_not_of("0123456789", 5) == std::string::npos)
    return make_cuda_backend(std::stoi(device.substr(5)));
#else
  if (device.rfind("cuda:", 0) == 0) throw Error("DEVICE", "no device " + device + ": " + cuda_info().problem);
#endif
  throw Error("DEVICE", "expected cpu or cuda:<index> for the device but received " + device);
}

#ifndef GLPOSE_WITH_CUDA
CudaInfo cuda_info() {
  CudaInfo info;
  info.problem = "this build of glpose has no CUDA kernels (built without a CUDA compiler, or with GLPOSE_CUDA=off)";
  return info;
}
#endif

}  // namespace glpose
