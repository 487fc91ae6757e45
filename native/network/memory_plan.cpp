#include "network/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace glpose {

MemoryPlan plan_memory(const std::vector<Lifetime>& maps) {
  std::vector<size_t> order(maps.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return maps[a].bytes > maps[b].bytes; });
  MemoryPlan plan;
  plan.offsets.resize(maps.size());
  std::vector<size_t> placed;  // by offset
  for (size_t map : order) {
    size_t offset = 0;
    for (size_t other : placed) {
      if (maps[other].last < maps[map].first || maps[map].last < maps[other].first) continue;
      if (offset + maps[map].bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + maps[other].bytes);
    }
    plan.offsets[map] = offset;
    plan.bytes = std::max(plan.bytes, offset + maps[map].bytes);
    const auto behind = [&](size_t other, size_t at) { return plan.offsets[other] <= at; };
    placed.insert(std::partition_point(placed.begin(), placed.end(), [&](size_t other) { return behind(other, offset); }), map);
  }
  return plan;
}

}  // namespace glpose
