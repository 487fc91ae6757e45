#include "network/memory_plan.h"

#include <algorithm>

#include "test/check.h"
#include "test/checks.h"

namespace glpose {

void check_memory_plan() {
  Random random(9);
  const auto below = [&](int limit) { return int((random.next() + 1) / 2 * float(limit)) % limit; };
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> maps;
    for (int i = below(40); i >= 0; --i) {
      const int first = below(30);
      maps.push_back({size_t(1 + below(8)) * 64, first, first + below(6)});
    }
    const MemoryPlan plan = plan_memory(maps);
    size_t most = 0;  // that lives at a time
    for (int time = 0; time < 36; ++time) {
      size_t alive = 0;
      for (const Lifetime& map : maps) alive += map.first <= time && time <= map.last ? map.bytes : 0;
      most = std::max(most, alive);
    }
    expect(plan.bytes >= most && plan.bytes <= 2 * most, "an arena of a sensible size");
    for (size_t a = 0; a < maps.size(); ++a) {
      expect(plan.offsets[a] + maps[a].bytes <= plan.bytes, "a map within the arena");
      for (size_t b = 0; b < a; ++b) {
        const bool together = maps[a].first <= maps[b].last && maps[b].first <= maps[a].last;
        const bool apart = plan.offsets[a] + maps[a].bytes <= plan.offsets[b] || plan.offsets[b] + maps[b].bytes <= plan.offsets[a];
        expect(!together || apart, "maps that live at the same time lie apart");
      }
    }
  }
}

}  // namespace glpose
