#pragma once
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace glpose {

/// A table of maps, `width` of them for each person: written on the host, read by kernels at the same place in the
/// backend's memory.
struct MapTable {
  Map* host = nullptr;
  const Map* device = nullptr;  // null: no such table
  int width = 0;
  /// [width]
  Map* of(int person) const { return host + size_t(person) * width; }
};

/// All tables of a pass in one piece of memory, so that one upload brings them.
class MapTables {
 public:
  MapTables() = default;
  /// @param maps of a person, in all tables
  MapTables(Backend& backend, int people, int maps)
      : people_(people), host_(size_t(people) * maps), device_(backend, host_.size() * sizeof(Map)) {}

  /// The table after the last; there must be room.
  MapTable next(int width) {
    const size_t first = std::exchange(used_, used_ + size_t(people_) * width);
    return {host_.data() + first, static_cast<const Map*>(device_.data()) + first, width};
  }
  /// A table of one map a person, which lie from `place` on, `bytes` each.
  /// @param place moves on to where they end
  MapTable next(char*& place, size_t bytes) {
    const MapTable table = next(1);
    for (int p = 0; p < people_; ++p, place += bytes) table.host[p].data = place;
    return table;
  }
  void upload(Backend& backend) const { backend.upload(device_.data(), host_.data(), host_.size() * sizeof(Map)); }

 private:
  int people_ = 0;
  size_t used_ = 0;
  std::vector<Map> host_;
  Buffer device_;
};

}  // namespace glpose
