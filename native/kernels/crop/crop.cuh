#pragma once
#include "kernels/crop/crop.h"
#include "kernels/gpu.h"

namespace glpose {

/// CropMapsArgs as the kernel takes them; every pointer is to device memory.
struct CropGpuArgs {
  int height, width;
  const ImageWindow* windows;  // [batch]
  float mean[3], inv_std[3];
  Half* const* out;  // [batch]
};
cudaError_t crop_gpu(const CropGpuArgs& args, int batch, cudaStream_t stream);

}  // namespace glpose
