#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace glpose {

/// What a kernel did in one launch, and how long it took.
struct KernelTime {
  std::string name;
  double seconds, flop;
  double bytes;  // each map and weight read once or written once
};

/// Another backend, each of whose kernels is launched many times over while `times` is set. (What a convolution reads may
/// be what it wrote before: the time is the same, the values mean nothing.)
class TimedBackend : public Backend {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  std::vector<KernelTime>* times = nullptr;

  std::string name() const override { return backend_->name(); }
  void* allocate(size_t bytes) override { return backend_->allocate(bytes); }
  void free(void* data) noexcept override { backend_->free(data); }
  void upload(void* to, const void* host, size_t bytes) override { backend_->upload(to, host, bytes); }
  void download(void* host, const void* from, size_t bytes) override { backend_->download(host, from, bytes); }
  void synchronize() override { backend_->synchronize(); }
  size_t map_bytes(int height, int width, int channels) const override {
    return backend_->map_bytes(height, width, channels);
  }
  void download_map(float* host, Map map, int height, int width, int channels) override {
    backend_->download_map(host, map, height, width, channels);
  }
  int people_at_once() const override { return backend_->people_at_once(); }
  std::unique_ptr<PreparedConv> prepare(const ConvWeights& weights) override {
    std::unique_ptr<PreparedConv> conv = backend_->prepare(weights);
    int in = 0;
    for (int channels : weights.in_channels) in += channel_stride(channels);
    sizes_[conv.get()] = {in, channel_stride(weights.out_channels), weights.kernel};
    return conv;
  }
  bool ingests_at_once() const override { return backend_->ingests_at_once(); }
  void ingest(const IngestArgs& args) override { backend_->ingest(args); }
  void warp(const WarpArgs& args) override {
    const double map = double(backend_->map_bytes(args.height, args.width, args.channels));
    timed("warp (every reference)", 0, 2 * map * args.count, [&] { backend_->warp(args); });
  }
  void conv(const ConvArgs& args) override {
    const Size& size = sizes_.at(args.conv);
    const double pixels = double(args.batch) * args.height * args.width, half = 2;
    const int maps_out = 1 + (args.residual != nullptr) + (args.gated != nullptr) + (args.mask != nullptr);
    const double weights = double(size.in) * size.out * size.kernel * size.kernel;
    timed(args.conv->name(), 2 * args.conv->macs_per_pixel() * pixels,
          half * (pixels * (size.in + maps_out * size.out) + weights), [&] { backend_->conv(args); });
  }
  void decode(const DecodeArgs& args) override {
    const double map = double(backend_->map_bytes(args.height, args.width, args.joints));
    timed("decode", 0, map * args.people, [&] { backend_->decode(args); });
  }
  void replay(uint64_t key, const std::function<void()>& enqueue) override {
    if (times) enqueue();
    else backend_->replay(key, enqueue);
  }
  void forget() override { backend_->forget(); }

 private:
  struct Size {
    int in, out, kernel;  // channels with their padding
  };
  static constexpr int kRepeats = 50;

  template <class Launch>
  void timed(const std::string& name, double flop, double bytes, const Launch& launch) {
    launch();
    if (!times) return;
    synchronize();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) launch();
    synchronize();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    times->push_back({name, seconds / kRepeats, flop, bytes});
  }

  std::unique_ptr<Backend> backend_;
  std::map<const PreparedConv*, Size> sizes_;
};

}  // namespace glpose
