#pragma once
#include <cstddef>
#include <vector>

namespace glpose {

/// A map's place in time: it is written by layer `first` and read last by layer `last`.
struct Lifetime {
  size_t bytes;
  int first, last;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // of each map, in the order given
  size_t bytes = 0;             // of the arena
};

/// Places maps in one arena so that no two that live at the same time overlap: the largest first, each into the lowest gap that holds
/// it. The plan of networks like HRNet comes within a few per cent of what lives at a time at most.
MemoryPlan plan_memory(const std::vector<Lifetime>& maps);

}  // namespace glpose
