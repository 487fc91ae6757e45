#pragma once
#include <cstddef>
#include <memory>
#include <new>
#if defined(__unix__)
#include <unistd.h>
#endif

namespace glpose {

/// Bytes of a line of the cache, and of the widest register.
constexpr size_t kAlignment = 64;

/// Memory at a multiple of kAlignment; null where there is none. (Windows has no aligned_alloc.)
inline void* allocate_aligned(size_t bytes) { return ::operator new(bytes, std::align_val_t(kAlignment), std::nothrow); }
inline void free_aligned(void* data) noexcept { ::operator delete(data, std::align_val_t(kAlignment)); }

/// Floats at a multiple of kAlignment.
class AlignedFloats {
 public:
  explicit AlignedFloats(size_t count) : data_(static_cast<float*>(allocate_aligned(count * sizeof(float)))) {
    if (!data_) throw std::bad_alloc();
  }
  float* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { free_aligned(p); }
  };
  std::unique_ptr<float, Free> data_;
};

/// Bytes of a core's second-level cache; 1 MiB where the system does not tell.
inline size_t second_level_cache() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (bytes > 0) return size_t(bytes);
#endif
  return 1 << 20;
}

}  // namespace glpose
