#pragma once
/*
 * A SIMT executor for tests: CUDA kernels compiled as ordinary C++ and run on the CPU, one fiber for each CUDA thread, one
 * block at a time. It replaces the CUDA headers (see kernels/gpu.h) with the parts of the language and of the runtime
 * that glpose uses. What it finds:
 *
 *   out-of-bounds accesses    AddressSanitizer: device buffers are malloc'd, shared arrays have poisoned red zones
 *   undefined arithmetic      UndefinedBehaviorSanitizer
 *   missing barriers, races   ThreadSanitizer: __syncthreads, __syncwarp and the launch are the only orderings it is told of,
 *   between blocks            so a race is found in every schedule, whether or not it shows in the result
 *   uninitialised memory      device and shared memory start as NaN
 *   asynchronous copies into shared memory that nobody waited for    by comparison: they are made by whoever waits
 *   host memory used again, or results read, before the stream is through    by comparison: work on a stream waits until
 *   somebody waits for it
 *   divergent barriers, wrong lane masks, exited lanes    by itself: "SIMT ERROR" and exit status 86
 *   a thread at work on a device that it has not selected, a kernel loaded within a capture    by an error of the call
 *
 * SIMT_ORDER=forward|reverse|<seed> picks the schedule of a block's threads.
 * Not modelled: timing, memory-access granularity, the weaker order of relaxed atomics.
 */
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

// ---- language -------------------------------------------------------------------------------------------------------
#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

// ---- runtime --------------------------------------------------------------------------------------------------------
enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorDevicesUnavailable = 46,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal };
constexpr unsigned cudaStreamNonBlocking = 1;
struct cudaDeviceProp {
  char name[256];
  int major, minor;
  size_t totalGlobalMem;
  int multiProcessorCount;
};

namespace simt {

struct Graph;
struct Stream;

/// What the machine pretends to be, and what fails. Set between calls.
struct Machine {
  int devices = 1;
  cudaError_t count_error = cudaSuccess;   // of cudaGetDeviceCount
  int major = 8, minor = 0;                // compute capability
  size_t memory = size_t(1) << 40;         // device memory left, in bytes
  bool full = false;                       // not one byte more, whatever is given back
  int lost_after_launches = -1;            // launches until every call fails as on a lost device; −1: never
};
extern Machine machine;

/// Device allocations now alive; kernels run, graphs made and bytes sent to devices so far.
struct Counts {
  int allocations, launches, graphs;
  size_t uploaded;
};
Counts counts();

/// @param kernel tells one from another
cudaError_t launch(const void* kernel, dim3 grid, dim3 block, Stream* stream, std::function<void()> thread);

uint3 thread_index();
uint3 block_index();
dim3 block_size();
dim3 grid_size();

void* shared(const void* site, size_t bytes, size_t alignment);
/// __syncthreads; orders memory.
void block_barrier();
/// __syncwarp; orders memory.
void warp_barrier(unsigned mask);
/// Rendezvous of the lanes in `mask`, each showing `bytes` ≤ 128 at `value`; then any lane's can be read. No order of memory.
void warp_show(unsigned mask, const void* value, size_t bytes);
void warp_read(unsigned lane, void* value, size_t bytes);
unsigned lane();

void tensor_core_multiply(float* d, const uint32_t* a, const uint32_t* b, int tiles);

/// What a thread has asked to be copied in the background: nothing is there before it waits.
class CopyQueue {
 public:
  void copy(void* to, const void* from, size_t bytes) { copies_.push_back({to, from, bytes}); }
  void commit() { groups_.push_back(copies_.size()); }
  /// Until at most `left` groups, the youngest, are on their way. Inlined, so that the kernel's sanitizer sees the copies.
  inline __attribute__((always_inline)) void wait(size_t left) {
    while (groups_.size() > left) {
      const size_t count = groups_.front();
      for (size_t i = 0; i < count; ++i) {
        const Copy& next = copies_[i];
        if (next.from) std::memcpy(next.to, next.from, next.bytes);
        else std::memset(next.to, 0, next.bytes);
      }
      copies_.erase(copies_.begin(), copies_.begin() + count);
      groups_.erase(groups_.begin());
      for (size_t& end : groups_) end -= count;
    }
  }
  void clear() {
    copies_.clear();
    groups_.clear();
  }

 private:
  struct Copy {
    void* to;
    const void* from;  // null: zeros
    size_t bytes;
  };
  std::vector<Copy> copies_;
  std::vector<size_t> groups_;  // where each ends
};
/// The running thread's.
CopyQueue& copy_queue();

template <class T>
T shuffle(unsigned mask, T value, unsigned from) {
  T out;
  warp_show(mask, &value, sizeof value);
  warp_read(from, &out, sizeof out);
  return out;
}

}  // namespace simt

#define threadIdx (simt::thread_index())
#define blockIdx (simt::block_index())
#define blockDim (simt::block_size())
#define gridDim (simt::grid_size())
// Inlined, so that the barrier's return address tells one __syncthreads from another.
inline __attribute__((always_inline)) void __syncthreads() { simt::block_barrier(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { simt::warp_barrier(mask); }
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask) {
  return simt::shuffle(mask, value, simt::lane() ^ unsigned(lane_mask));
}
template <class T>
T __shfl_sync(unsigned mask, T value, int from) {
  return simt::shuffle(mask, value, unsigned(from));
}
/// Of the lanes without one so far below, their own.
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes) {
  return simt::shuffle(mask, value, simt::lane() < lanes ? simt::lane() : simt::lane() - lanes);
}
inline unsigned __ballot_sync(unsigned mask, bool vote) {
  unsigned votes = 0;
  simt::warp_show(mask, &vote, sizeof vote);
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1)) continue;
    bool other;
    simt::warp_read(lane, &other, sizeof other);
    votes |= unsigned(other) << lane;
  }
  return votes;
}
inline int __ffs(int bits) { return __builtin_ffs(bits); }

using cudaStream_t = simt::Stream*;
using cudaGraph_t = simt::Graph*;
using cudaGraphExec_t = simt::Graph*;
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaMalloc(void** data, size_t bytes);
cudaError_t cudaFree(void* data);
cudaError_t cudaMallocHost(void** data, size_t bytes);
cudaError_t cudaFreeHost(void* data);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGetLastError();
const char* cudaGetErrorString(cudaError_t error);
