#pragma once
#include "backend/backend.h"

namespace glpose {

struct Tolerance {
  double nmse;   // against float64
  double worst;  // of any element; values are of size 1
};
constexpr Tolerance kFloatTolerance = {1e-10, 1e-3}, kHalfTolerance = {1e-6, 1e-2};

/// CudaLimits::many_blocks under which the cases of cases.h meet every size of tiles, beside the default.
constexpr int kFewBlocks = 2;

/// Every kernel over the table of cases.h, maps of at most `max_pixels`.
void check_kernels(Backend& backend, const Tolerance& tolerance, int max_pixels);

/// Plans of memory: maps that live at the same time do not meet.
void check_memory_plan();

/// The whole network on the CPU from several threads at once, and crops.
void check_cpu_head();

/// The whole network on device cuda:0 against the CPU's.
void check_cuda_network();

/// That under the SIMT executor, and everything that can go wrong with a device.
void check_cuda_backend();

}  // namespace glpose
