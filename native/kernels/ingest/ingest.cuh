#pragma once
#include "kernels/gpu.h"
#include "kernels/ingest/ingest.h"

namespace glpose {

/// IngestArgs as the kernel takes them; every pointer is to device memory.
struct IngestGpuArgs {
  int channels, pixels;
  const float* features;  // [N, C, pixels]
  const float* mean;      // [C]
  const float* inv_std;   // [C]
  Half* const* maps;      // [N]
  float* embeddings;      // [N, C]
};

cudaError_t ingest_gpu(const IngestGpuArgs& args, int count, cudaStream_t stream);

}  // namespace glpose
