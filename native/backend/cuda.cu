/*
 * The CUDA backend: one stream, memory that is kept for the next taker, pinned staging for what goes over the bus, and a
 * CUDA graph for every pass over the network that comes again. Nothing is allocated once a size has been seen.
 */
#include "backend/cuda.h"

#include <algorithm>
#include <map>

#include "backend/cuda_layers.cuh"
#include "backend/cuda_queue.cuh"
#include "backend/error.h"
#include "backend/memory_pool.h"
#include "kernels/conditions/conditions.cuh"
#include "kernels/conv/conv.cuh"
#include "kernels/decode/decode.cuh"
#include "kernels/ingest/ingest.cuh"
#include "kernels/peaks/peaks.cuh"
#include "kernels/warp/warp.cuh"

namespace glpose {
namespace {

constexpr int kOldestCapability = 75;  // tensor cores with m16n8k8; the oldest that CUDA 13 compiles for

int capability(const cudaDeviceProp& properties) { return properties.major * 10 + properties.minor; }

std::string capability_text(const cudaDeviceProp& properties) {
  return std::to_string(properties.major) + "." + std::to_string(properties.minor);
}

/// Number of devices; says in `problem` why there is none.
int count_devices(std::string& problem) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();  // not for the next caller
    problem = std::string("the CUDA driver reports: ") + cudaGetErrorString(error);
    return 0;
  }
  if (count == 0) problem = "the CUDA driver sees no device";
  return count;
}

struct CudaConv : PreparedConv {
  using PreparedConv::PreparedConv;
  int side, sources, scale_stride, chunk_count, out_stride;
  Buffer weights, bias, chunks;
};

class CudaBackend : public Backend, private CudaQueue {
 public:
  CudaBackend(int index, const CudaLimits& limits)
      : CudaQueue{index}, limits_(limits), layers_(make_cuda_layers(*this, *this, limits.many_blocks)) {
    use();
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  }

  ~CudaBackend() override {
    cudaSetDevice(index);
    for (const auto& [key, graph] : graphs_)
      if (graph) cudaGraphExecDestroy(graph);
    if (stream) cudaStreamSynchronize(stream);
    pool_.drain(cudaFree);
    host_pool_.drain(cudaFreeHost);
    if (staging_) cudaFreeHost(staging_);
    if (stream) cudaStreamDestroy(stream);
  }

  std::string name() const override { return device(); }

  void* allocate(size_t bytes) override {
    use();
    bytes = std::max<size_t>(bytes, 1);
    if (void* idle = pool_.take(bytes)) return idle;
    void* data = nullptr;
    cudaError_t error = cudaMalloc(&data, bytes);
    if (error == cudaErrorMemoryAllocation && pool_.drain(cudaFree)) {
      cudaGetLastError();
      error = cudaMalloc(&data, bytes);
    }
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      const std::string size = std::to_string(bytes >> 20) + " MiB";
      throw Error("MEMORY", name() + " is out of memory: " + size + " could not be allocated");
    }
    check(error, "allocating memory");
    try {
      pool_.add(data, bytes);
    } catch (...) {
      cudaFree(data);
      throw;
    }
    return data;
  }
  /// The stream still may use it, and so may its next taker: both in order. Called from any thread.
  void free(void* data) noexcept override { pool_.give(data); }

  void* allocate_on_host(size_t bytes) override {
    use();
    bytes = std::max<size_t>(bytes, 1);
    if (void* idle = host_pool_.take(bytes)) return idle;
    void* data = pinned(bytes);
    try {
      host_pool_.add(data, bytes);
    } catch (...) {
      cudaFreeHost(data);
      throw;
    }
    return data;
  }
  void free_on_host(void* data) noexcept override { host_pool_.give(data); }
  void upload_from(void* to, const HostBuffer& host) override {
    use();
    check(cudaMemcpyAsync(to, host.data(), host.bytes(), cudaMemcpyHostToDevice, stream), "an upload");
  }

  void upload(void* to, const void* host, size_t bytes) override {
    use();
    if (staged_ + bytes > staging_bytes_) {
      synchronize();
      reserve_staging(bytes);
    }
    std::memcpy(staging_ + staged_, host, bytes);
    check(cudaMemcpyAsync(to, staging_ + staged_, bytes, cudaMemcpyHostToDevice, stream), "an upload");
    staged_ += (bytes + 63) / 64 * 64;
  }
  void download(void* host, const void* from, size_t bytes) override {
    use();
    synchronize();
    reserve_staging(bytes);
    check(cudaMemcpyAsync(staging_, from, bytes, cudaMemcpyDeviceToHost, stream), "a download");
    synchronize();
    std::memcpy(host, staging_, bytes);
  }
  void synchronize() override {
    use();
    check(cudaStreamSynchronize(stream), "the work on the device");
    staged_ = 0;
  }

  size_t map_bytes(int height, int width, int channels) const override {
    return sizeof(Half) * height * width * channel_stride(channels);
  }
  void download_map(float* host, Map map, int height, int width, int channels) override {
    const int stride = channel_stride(channels), pixels = height * width;
    std::vector<Half> halves(size_t(pixels) * stride);
    download(halves.data(), map.data, halves.size() * sizeof(Half));
    for (int c = 0; c < channels; ++c)
      for (int p = 0; p < pixels; ++p) host[size_t(c) * pixels + p] = to_float(halves[size_t(p) * stride + c]);
  }
  /// Fills the largest devices; a pass of one person still has some fifty blocks for each kernel.
  int people_at_once() const override { return 32; }

  std::unique_ptr<PreparedConv> prepare(const ConvWeights& w) override {
    auto conv = std::make_unique<CudaConv>(w);
    const std::vector<ConvChunk> chunks = conv_chunks(w);
    const std::vector<Half> weights = pack_tensor_core(w);
    std::vector<float> bias = w.bias;
    bias.resize(channel_stride(w.out_channels));
    conv->side = w.kernel;
    conv->sources = int(w.in_channels.size());
    conv->scale_stride = channel_stride(w.widest());
    conv->chunk_count = int(chunks.size());
    conv->out_stride = channel_stride(w.out_channels);
    conv->weights = uploaded(weights);
    conv->bias = uploaded(bias);
    conv->chunks = uploaded(chunks);
    return conv;
  }

  bool ingests_at_once() const override { return false; }  // one stream, one staging buffer

  void ingest(const IngestArgs& args) override {
    const size_t pixels = size_t(args.height) * args.width, map_floats = pixels * args.channels;
    const int slice = int(std::clamp<size_t>(limits_.ingest_bytes / (map_floats * sizeof(float)), 1, 65535));
    Buffer mean = uploaded(std::vector<float>(args.mean, args.mean + args.channels));
    Buffer inv_std = uploaded(std::vector<float>(args.inv_std, args.inv_std + args.channels));
    for (int first = 0; first < args.count; first += slice) {
      const int count = std::min(slice, args.count - first);
      const float* features = args.features + first * map_floats;
      Buffer uploaded_features;
      Buffer maps(*this, count * sizeof(Map));
      Buffer embeddings(*this, size_t(count) * args.channels * sizeof(float));
      if (!args.here) {
        uploaded_features = Buffer(*this, count * map_floats * sizeof(float));
        upload(uploaded_features.data(), features, count * map_floats * sizeof(float));
        features = static_cast<const float*>(uploaded_features.data());
      }
      upload(maps.data(), args.maps + first, count * sizeof(Map));
      check(ingest_gpu({args.channels, int(pixels), features, static_cast<const float*>(mean.data()),
                     static_cast<const float*>(inv_std.data()), static_cast<Half* const*>(maps.data()),
                     static_cast<float*>(embeddings.data())},
                    count, stream),
            "the kernel ingest");
      download(args.embeddings + size_t(first) * args.channels, embeddings.data(),
               size_t(count) * args.channels * sizeof(float));
    }
  }

  void warp(const WarpArgs& args) override {
    use();
    check(warp_gpu({args.height, args.width, args.channels, table(args.from), table(args.to), args.transforms}, args.count,
                   stream),
          "the kernel warp");
  }

  void conditions(const ConditionsArgs& args) override {
    use();
    check(conditions_gpu({args.height, args.width, args.k, args.people, args.points, table(args.out)}, args.count, stream),
          "the kernel conditions");
  }

  void conv(const ConvArgs& args) override {
    use();
    const CudaConv& conv = static_cast<const CudaConv&>(*args.conv);
    ConvGpuArgs gpu;
    gpu.height = args.height;
    gpu.width = args.width;
    gpu.source_count = conv.sources;
    gpu.scale_stride = conv.scale_stride;
    gpu.chunk_count = conv.chunk_count;
    gpu.out_stride = conv.out_stride;
    gpu.sources = table(args.sources);
    gpu.scales = args.scales;
    gpu.chunks = static_cast<const ConvChunk*>(conv.chunks.data());
    gpu.weights = static_cast<const Half*>(conv.weights.data());
    gpu.bias = static_cast<const float*>(conv.bias.data());
    gpu.residual = table(args.residual);
    gpu.activation = args.activation;
    gpu.gated = table(args.gated);
    gpu.mask = table(args.mask);
    gpu.out = table(args.out);
    gpu.many_blocks = limits_.many_blocks;
    check(conv_gpu(gpu, conv.side, args.batch, stream), "the kernel conv");
  }

  void decode(const DecodeArgs& args) override {
    use();
    check(decode_gpu({args.joints, args.height, args.width, args.method, table(args.heatmaps), args.out}, args.people,
                     stream),
          "the kernel decode");
  }

  void peaks(const PeaksArgs& args) override {
    use();
    check(peaks_gpu({args.joints, args.height, args.width, table(args.heatmaps), table(args.offsets), args.out}, args.people,
                    stream),
          "the kernel peaks");
  }

  Layers* layers() override { return layers_.get(); }

  void replay(const void* owner, uint64_t key, const std::function<void()>& enqueue) override {
    use();
    const auto [found, first_time] = graphs_.try_emplace({owner, key}, nullptr);
    if (first_time) return enqueue();  // loads the kernels, which a capture must not
    if (!found->second) found->second = capture(enqueue);
    check(cudaGraphLaunch(found->second, stream), "a pass over the network");
  }
  void forget(const void* owner) override {
    cudaSetDevice(index);
    const auto first = graphs_.lower_bound({owner, 0}), end = graphs_.upper_bound({owner, UINT64_MAX});
    for (auto graph = first; graph != end; ++graph)
      if (graph->second) cudaGraphExecDestroy(graph->second);
    graphs_.erase(first, end);
  }

 private:
  static_assert(sizeof(Map) == sizeof(Half*), "a table of maps is a table of pointers");
  static Half* const* table(const Map* maps) { return reinterpret_cast<Half* const*>(maps); }

  template <class T>
  Buffer uploaded(const std::vector<T>& values) {
    Buffer buffer(*this, values.size() * sizeof(T));
    upload(buffer.data(), values.data(), values.size() * sizeof(T));
    return buffer;
  }

  /// Nothing may be on its way through the staging memory.
  void reserve_staging(size_t bytes) {
    if (bytes <= staging_bytes_) return;
    if (staging_) cudaFreeHost(staging_);
    staging_ = nullptr;
    staging_bytes_ = 0;
    bytes = std::max<size_t>(bytes, 1 << 20);
    staging_ = static_cast<char*>(pinned(bytes));
    staging_bytes_ = bytes;
  }

  void* pinned(size_t bytes) const {
    void* data = nullptr;
    check(cudaMallocHost(&data, bytes), "allocating pinned memory");
    return data;
  }

  cudaGraphExec_t capture(const std::function<void()>& enqueue) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capturing a pass");
    cudaGraph_t graph = nullptr;
    try {
      enqueue();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      if (graph) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream, &graph), "capturing a pass");
    cudaGraphExec_t executable = nullptr;
    const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "preparing a pass");
    return executable;
  }

  const CudaLimits limits_;
  MemoryPool pool_, host_pool_;
  std::map<std::pair<const void*, uint64_t>, cudaGraphExec_t> graphs_;  // by owner and key; null: seen once, not captured yet
  char* staging_ = nullptr;                        // pinned
  size_t staging_bytes_ = 0, staged_ = 0;
  const std::unique_ptr<Layers> layers_;
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(int index, const CudaLimits& limits) {
  const std::string name = "cuda:" + std::to_string(index);
  std::string problem;
  const int count = count_devices(problem);
  if (count == 0) throw Error("DEVICE", "no device " + name + ": " + problem);
  if (index >= count)
    throw Error("DEVICE", "no device " + name + ": this machine has " + std::to_string(count) + " (from cuda:0)");
  cudaDeviceProp properties;
  if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) throw Error("DEVICE", name + " does not answer");
  if (capability(properties) < kOldestCapability)
    throw Error("DEVICE", name + " (" + properties.name + ") has compute capability " + capability_text(properties) +
                              "; 7.5 or newer is needed");
  return std::make_unique<CudaBackend>(index, limits);
}

CudaInfo cuda_info() {
  CudaInfo info;
  info.compiled = true;
  const int count = count_devices(info.problem);
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties;
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) continue;
    if (capability(properties) < kOldestCapability) continue;
    info.devices.push_back({index, properties.name, capability_text(properties), double(properties.totalGlobalMem)});
  }
  if (count > 0 && info.devices.empty()) info.problem = "no device of compute capability 7.5 or newer";
  return info;
}

}  // namespace glpose
