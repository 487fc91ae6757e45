/*
 * The SIMT executor's runtime calls. Device memory is malloc'd (so AddressSanitizer guards it) and starts as NaN. What is put
 * on a stream is not done until somebody waits for the stream: the latest that CUDA allows, so that host memory that is used
 * again too early, or a result that is read too early, is noticed.
 */
#include <algorithm>
#include <cstdio>
#include <set>
#include <vector>

#include "simt.h"

namespace simt {

Machine machine;

using Work = std::function<void()>;

struct Graph {
  std::vector<Work> launches;
};
struct Stream {
  int device = 0;
  Graph* capturing = nullptr;
  std::vector<Work> queued;
};

cudaError_t run_kernel(dim3 grid, dim3 block, const std::function<void()>& thread);  // executor.cpp

namespace {

int allocations = 0, launches = 0, graphs = 0;
size_t uploaded = 0;
thread_local int current_device = 0;
std::set<std::pair<const void*, int>> loaded;  // kernels, and the devices that have them
std::vector<Stream*> streams;

bool lost() { return machine.lost_after_launches == 0; }
cudaError_t status() { return lost() ? cudaErrorLaunchFailure : cudaSuccess; }

/// Does what is queued; a lost device does nothing any more.
void finish(Stream& stream) {
  const std::vector<Work> queued = std::move(stream.queued);
  stream.queued.clear();
  for (const Work& work : queued)
    if (!lost()) work();
}

}  // namespace

Counts counts() { return {allocations, launches, graphs, uploaded}; }

cudaError_t launch(const void* kernel, dim3 grid, dim3 block, Stream* stream, Work thread) {
  if (lost()) return cudaErrorLaunchFailure;
  if (stream->device != current_device) return cudaErrorInvalidResourceHandle;
  const bool new_here = loaded.emplace(kernel, current_device).second;
  if (new_here && stream->capturing) return cudaErrorStreamCaptureUnsupported;
  const unsigned threads = block.x * block.y * block.z;
  if (threads == 0 || threads > 1024 || grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535)
    return cudaErrorInvalidConfiguration;
  (stream->capturing ? stream->capturing->launches : stream->queued).push_back([=] {
    if (machine.lost_after_launches > 0) --machine.lost_after_launches;
    if (lost()) return;
    ++launches;
    run_kernel(grid, block, thread);
  });
  return cudaSuccess;
}

}  // namespace simt

using simt::machine;

cudaError_t cudaGetDeviceCount(int* count) {
  *count = machine.devices;
  return machine.count_error;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "SIMT executor");
  properties->major = machine.major;
  properties->minor = machine.minor;
  properties->totalGlobalMem = machine.memory;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= machine.devices) return cudaErrorInvalidDevice;
  simt::current_device = device;
  return simt::status();
}
cudaError_t cudaMalloc(void** data, size_t bytes) {
  if (simt::lost()) return cudaErrorLaunchFailure;
  if (machine.full || bytes > machine.memory) return cudaErrorMemoryAllocation;
  // The size stands in front, for cudaFree; 64 bytes keep the alignment.
  char* block = static_cast<char*>(std::aligned_alloc(64, (bytes + 64 + 63) / 64 * 64));
  std::memcpy(block, &bytes, sizeof bytes);
  std::memset(block + 64, 0xff, bytes);
  machine.memory -= bytes;
  ++simt::allocations;
  *data = block + 64;
  return cudaSuccess;
}
cudaError_t cudaFree(void* data) {
  if (!data) return cudaSuccess;
  for (simt::Stream* stream : simt::streams) simt::finish(*stream);  // it waits for the device
  char* block = static_cast<char*>(data) - 64;
  size_t bytes;
  std::memcpy(&bytes, block, sizeof bytes);
  machine.memory += bytes;
  --simt::allocations;
  std::free(block);
  return simt::status();
}
cudaError_t cudaMallocHost(void** data, size_t bytes) {
  *data = std::malloc(bytes);
  return simt::status();
}
cudaError_t cudaFreeHost(void* data) {
  std::free(data);
  return simt::status();
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (kind == cudaMemcpyHostToDevice) simt::uploaded += bytes;
  stream->queued.push_back([=] { std::memcpy(to, from, bytes); });
  return simt::status();
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new simt::Stream;
  (*stream)->device = simt::current_device;
  simt::streams.push_back(*stream);
  return simt::status();
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  simt::finish(*stream);
  simt::streams.erase(std::find(simt::streams.begin(), simt::streams.end(), stream));
  delete stream;
  return simt::status();
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  simt::finish(*stream);
  return simt::status();
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->capturing = new simt::Graph;
  return simt::status();
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = stream->capturing;
  stream->capturing = nullptr;
  return simt::status();
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new simt::Graph(*graph);
  ++simt::graphs;
  return simt::status();
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (simt::lost()) return cudaErrorLaunchFailure;
  if (stream->device != simt::current_device) return cudaErrorInvalidResourceHandle;
  stream->queued.insert(stream->queued.end(), executable->launches.begin(), executable->launches.end());
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return simt::status();
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return simt::status();
}
cudaError_t cudaGetLastError() { return simt::status(); }
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorDevicesUnavailable: return "CUDA-capable device(s) is/are busy or unavailable";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
  }
  return "unknown error";
}
