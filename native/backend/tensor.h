#pragma once
#include <cstddef>
#include <vector>

#include "kernels/everywhere.h"

namespace glpose {

/*
 * Legend of all native code, as in the paper:
 *   B people (key frames) in a batch   C channels   h×w map size   K joints   R references of a key
 *   r a map of the gather [V_t, locals, globals], 0 … R
 */

/// Maps keep their channels together, pixel by pixel, padded with zeros to a multiple of this: one AVX-512 register of
/// floats, one step of a tensor core's k.
constexpr int kChannelAlign = 16;

/// Elements from one pixel to the next in a map of `channels` channels.
GLPOSE_EVERYWHERE constexpr int channel_stride(int channels) {
  return (channels + kChannelAlign - 1) / kChannelAlign * kChannelAlign;
}

/// A feature map in a backend's memory: [h, w, channel_stride(C)], float on the CPU, half on a GPU.
/// Does not own its memory.
struct Map {
  void* data = nullptr;
};

/// A dense row-major float tensor on the host.
struct HostTensor {
  std::vector<int> shape;
  std::vector<float> data;
};

}  // namespace glpose
