#pragma once
#include "backend/tensor.h"

namespace glpose {

/*
 * ingest: the extractor's maps F [N, C, h, w] become V = (F − mean) / std (Eq. 1, standardised per channel), pixel-major;
 * the embedding is V's global average pool. Padding channels of V become 0.
 * Tolerance: V 1 ulp of float (half on a GPU); embedding 1e-5 of the largest |V|.
 */
struct IngestArgs {
  int count, channels, height, width;
  const float* features;  // [N, C, h, w] on the host, or in the backend's memory
  const float* mean;      // host [C]
  const float* inv_std;   // host [C], 1 / std
  const Map* maps;        // host [N], out
  float* embeddings;      // host [N, C], out; there when `ingest` returns
  bool here = false;      // whether `features` are in the backend's memory
};

/// 16 channels, from 16·group on, of one map on the CPU.
void ingest_cpu(const IngestArgs& args, int n, int group);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void ingest_reference(const IngestArgs& args);

}  // namespace glpose
