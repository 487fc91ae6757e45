#pragma once
#include "backend/backend.h"

namespace glpose {

/*
 * What is tested beside the kernels. Each counts its failures (check.h).
 */

/// Half-precision numbers: every one of them, and what lies between.
void check_half();

/// The thread pool.
void check_threads();

/// Plans of memory: maps that live at the same time do not meet.
void check_memory_plan();

/// The whole head on the CPU from several threads at once.
void check_cpu_head();

/// The whole head on device cuda:0 against the CPU's.
void check_cuda_network();

/// A network of every kind of layer on device cuda:0 against the CPU's.
void check_cuda_layers();

/// Everything that can go wrong with a device; only under the SIMT executor.
void check_cuda_device();

/// How fast whole calls are, verified against the CPU where it is a GPU's. Prints Markdown.
void perf_head(const std::string& device);

}  // namespace glpose
