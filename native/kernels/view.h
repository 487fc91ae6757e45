#pragma once
#include <cstddef>

#include "backend/tensor.h"

namespace glpose {

/// One image's channels on the CPU, planes or pixels: channel c of cell p is data[c · channel + p · pixel].
struct View {
  const float* data;
  size_t channel, pixel;

  float operator()(int c, int p) const { return data[c * channel + p * pixel]; }
};

/// Of planes [C, cells].
inline View planes_view(const float* data, int cells) { return {data, size_t(cells), 1}; }
/// Of a map of the CPU's backend.
inline View map_view(const Map& map, int channels) {
  return {static_cast<const float*>(map.data), 1, size_t(channel_stride(channels))};
}

}  // namespace glpose
