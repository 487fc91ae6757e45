#pragma once
#include <mutex>
#include <unordered_map>

namespace glpose {

/// Blocks of memory that were given back, for the next taker of the same size. Maps come and go by the hundred, all of one
/// size; the system's allocators would map, clear and unmap each, or keep a hoard for every thread. Thread-safe.
class MemoryPool {
 public:
  /// An idle block of exactly `bytes`, or null.
  void* take(size_t bytes) {
    std::lock_guard lock(mutex_);
    const auto found = idle_.find(bytes);
    if (found == idle_.end()) return nullptr;
    void* data = found->second;
    idle_.erase(found);
    return data;
  }

  /// A block that was newly allocated and will come back through `give`.
  void add(void* data, size_t bytes) {
    std::lock_guard lock(mutex_);
    sizes_.emplace(data, bytes);
  }

  void give(void* data) noexcept {
    std::lock_guard lock(mutex_);
    idle_.emplace(sizes_.at(data), data);
  }

  /// Calls `release` for every idle block and forgets it. Returns whether there was one.
  template <class Release>
  bool drain(Release release) {
    std::lock_guard lock(mutex_);
    const bool any = !idle_.empty();
    for (const auto& [bytes, data] : idle_) {
      sizes_.erase(data);
      release(data);
    }
    idle_.clear();
    return any;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<void*, size_t> sizes_;      // of every block
  std::unordered_multimap<size_t, void*> idle_;  // by size
};

}  // namespace glpose
