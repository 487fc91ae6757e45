#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backend/tensor.h"
#include "kernels/conditions/conditions.h"
#include "kernels/conv/conv.h"
#include "kernels/decode/decode.h"
#include "kernels/ingest/ingest.h"
#include "kernels/peaks/peaks.h"
#include "kernels/warp/warp.h"

namespace glpose {

class Backend;
class Layers;

/// Owns a piece of a backend's memory. The backend must outlive it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Backend& backend, size_t bytes);
  Buffer(Buffer&& other) noexcept : backend_(other.backend_), data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer();
  void* data() const { return data_; }

 private:
  Backend* backend_ = nullptr;
  void* data_ = nullptr;
};

/// The same of memory on the host from which copies to the backend's go straight: pinned, for a GPU.
class HostBuffer {
 public:
  HostBuffer() = default;
  HostBuffer(Backend& backend, size_t bytes);
  HostBuffer(HostBuffer&& other) noexcept
      : backend_(other.backend_), data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
  HostBuffer& operator=(HostBuffer&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~HostBuffer();
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  Backend* backend_ = nullptr;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

/// Where the model runs: memory, and one method per kernel. Kernels are queued in order; `synchronize` waits for them.
/// Arguments are described in kernels/X.h; every pointer in them is to the backend's memory unless it says host.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Held by whoever queues work and waits for it: all that runs on one device shares its backend. Memory is taken and given back
  /// outside of it, too.
  std::mutex& turn() { return turn_; }

  /// "cpu", "cuda:0"
  virtual std::string name() const = 0;
  /// 64-byte aligned. Throws MEMORY.
  virtual void* allocate(size_t bytes) = 0;
  virtual void free(void* data) noexcept = 0;
  virtual void* allocate_on_host(size_t bytes) = 0;
  virtual void free_on_host(void* data) noexcept = 0;
  /// `host` may be changed at once; that of `upload_from` only after `synchronize`.
  virtual void upload(void* to, const void* host, size_t bytes) = 0;
  virtual void upload_from(void* to, const HostBuffer& host) = 0;
  virtual void download(void* host, const void* from, size_t bytes) = 0;
  virtual void synchronize() = 0;

  /// Bytes of one map.
  virtual size_t map_bytes(int height, int width, int channels) const = 0;
  /// One map as [C, h, w] floats on the host.
  virtual void download_map(float* host, Map map, int height, int width, int channels) = 0;
  /// People that one pass over the network should take together.
  virtual int people_at_once() const = 0;

  /// Brings a convolution's weights into the form that `conv` wants.
  virtual std::unique_ptr<PreparedConv> prepare(const ConvWeights& weights) = 0;
  virtual void ingest(const IngestArgs& args) = 0;
  /// Whether `ingest` takes no longer than a copy of the features, and may be called while another thread calls the other
  /// kernels.
  virtual bool ingests_at_once() const = 0;
  virtual void warp(const WarpArgs& args) = 0;
  virtual void conditions(const ConditionsArgs& args) = 0;
  virtual void conv(const ConvArgs& args) = 0;
  virtual void decode(const DecodeArgs& args) = 0;
  virtual void peaks(const PeaksArgs& args) = 0;

  /// The kernels of networks (backend/layers.h); null where this backend has none.
  virtual Layers* layers() { return nullptr; }

  /// Calls `enqueue`, or does again what its kernels did when it was last called by this owner under this key: the arguments are
  /// the same every time until `forget`. (A CUDA graph: one launch instead of a dozen.)
  virtual void replay(const void* owner, uint64_t key, const std::function<void()>& enqueue) = 0;
  virtual void forget(const void* owner) = 0;

 private:
  std::mutex turn_;
};

inline Buffer::Buffer(Backend& backend, size_t bytes) : backend_(&backend), data_(backend.allocate(bytes)) {}
inline Buffer::~Buffer() {
  if (data_) backend_->free(data_);
}

inline HostBuffer::HostBuffer(Backend& backend, size_t bytes)
    : backend_(&backend), data_(backend.allocate_on_host(bytes)), bytes_(bytes) {}
inline HostBuffer::~HostBuffer() {
  if (data_) backend_->free_on_host(data_);
}

/// The backend of a device, `cpu` or `cuda:<index>`: of a GPU the one that all share who have one at the time; of the CPU, whose work takes
/// turns kernel by kernel, a new one. Throws DEVICE where the device is not there; never falls back.
std::shared_ptr<Backend> select_backend(const std::string& device);

/// The most that a device can do, measured.
struct Ceilings {
  double gflops;         // two operations a multiply-add: of floats on the CPU; of halves, summed as floats, on tensor cores
  double copy_gb_per_s;  // memory read plus written by a copy beyond the caches
};
Ceilings measure_ceilings(const std::string& device);

/// What `info` reports about CUDA.
struct CudaDevice {
  int index;
  std::string name, compute_capability;
  double memory_bytes;
};
struct CudaInfo {
  bool compiled = false;
  std::vector<CudaDevice> devices;
  /// Why there is no device; empty where there is one.
  std::string problem;
};
CudaInfo cuda_info();

}  // namespace glpose
