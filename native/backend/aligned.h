#pragma once
#include <cstdlib>
#include <memory>
#include <new>
#if defined(__unix__)
#include <unistd.h>
#endif

namespace glpose {

/// Floats at a multiple of 64 bytes.
class AlignedFloats {
 public:
  explicit AlignedFloats(size_t count)
      : data_(static_cast<float*>(std::aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64))) {
    if (!data_) throw std::bad_alloc();
  }
  float* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
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
