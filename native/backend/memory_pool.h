#pragma once
#include <mutex>
#include <unordered_map>
#include <vector>

namespace glpose {

/// Blocks of memory that were given back, for the next taker of the same size. Maps come and go by the hundred, all of one
/// size; the system's allocators would map, clear and unmap each, or keep a hoard for every thread. Thread-safe.
class MemoryPool {
 public:
  /// An idle block of exactly `bytes`, or null.
  void* take(size_t bytes) {
    std::lock_guard lock(mutex_);
    const auto found = sizes_.find(bytes);
    if (found == sizes_.end() || found->second.idle.empty()) return nullptr;
    void* data = found->second.idle.back();
    found->second.idle.pop_back();
    return data;
  }

  /// A block that was newly allocated and will come back through `give`. Strong guarantee.
  void add(void* data, size_t bytes) {
    std::lock_guard lock(mutex_);
    Size& size = sizes_[bytes];
    size.idle.reserve(size.blocks + 1);  // so that `give` needs no memory
    bytes_of_.emplace(data, bytes);
    ++size.blocks;
  }

  void give(void* data) noexcept {
    std::lock_guard lock(mutex_);
    sizes_.find(bytes_of_.find(data)->second)->second.idle.push_back(data);
  }

  /// Calls `release` for every idle block and forgets it. Returns whether there was one.
  template <class Release>
  bool drain(Release release) {
    std::lock_guard lock(mutex_);
    bool any = false;
    for (auto& [bytes, size] : sizes_) {
      for (void* data : size.idle) {
        bytes_of_.erase(data);
        release(data);
        any = true;
      }
      size.blocks -= size.idle.size();
      size.idle.clear();
    }
    return any;
  }

 private:
  struct Size {
    size_t blocks = 0;        // all of this size
    std::vector<void*> idle;  // those that nobody has
  };
  std::mutex mutex_;
  std::unordered_map<size_t, Size> sizes_;     // by bytes
  std::unordered_map<void*, size_t> bytes_of_;  // every block
};

}  // namespace glpose
