#include "backend/cpu.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstring>

#include "backend/aligned.h"
#include "backend/error.h"
#include "backend/layers.h"
#include "backend/memory_pool.h"
#include "backend/thread_pool.h"
#include "kernels/conv/pack.h"
#include "kernels/conv/strip.h"

namespace glpose {
namespace {

struct CpuConv : PreparedConv {
  int kernel, scale_stride, in_total, out_channels, out_stride;
  std::vector<int> in_channels;
  AlignedFloats weights, bias;
  bool winograd;

  CpuConv(const ConvWeights& w, const std::vector<float>& packed, bool winograd)
      : PreparedConv(w),
        kernel(w.kernel),
        scale_stride(channel_stride(w.widest())),
        in_total(w.in_total()),
        out_channels(w.out_channels),
        out_stride(channel_stride(w.out_channels)),
        in_channels(w.in_channels),
        weights(packed.size()),
        bias(out_stride),
        winograd(winograd) {
    std::copy(packed.begin(), packed.end(), weights.get());
    std::fill_n(std::copy(w.bias.begin(), w.bias.end(), bias.get()), out_stride - out_channels, 0.f);
  }

  /// Floats of a pixel of so many sources side by side: the widest group of them.
  int stride_of(int together) const {
    int widest = 0;
    for (size_t first = 0; first < in_channels.size(); first += together) {
      int stride = 0;
      for (size_t i = first; i < std::min(in_channels.size(), first + together); ++i)
        stride += channel_stride(in_channels[i]);
      widest = std::max(widest, stride);
    }
    return widest;
  }
};

class CpuBackend : public Backend {
 public:
  explicit CpuBackend(Isa isa) : isa_(isa), conv_(GLPOSE_FOR_ISA(isa, conv)), layers_(make_cpu_layers(isa)) {}

  std::string name() const override { return "cpu"; }
  ~CpuBackend() override { pool_.drain(free_aligned); }

  void* allocate(size_t bytes) override {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (void* idle = pool_.take(bytes)) return idle;
    void* data = allocate_aligned(bytes);
    if (!data) throw Error("MEMORY", "out of memory: " + std::to_string(bytes >> 20) + " MiB could not be allocated");
    try {
      pool_.add(data, bytes);
    } catch (...) {
      free_aligned(data);
      throw;
    }
    return data;
  }
  void free(void* data) noexcept override { pool_.give(data); }
  void* allocate_on_host(size_t bytes) override { return allocate(bytes); }
  void free_on_host(void* data) noexcept override { free(data); }
  void upload(void* to, const void* host, size_t bytes) override { std::memcpy(to, host, bytes); }
  void upload_from(void* to, const HostBuffer& host) override { std::memcpy(to, host.data(), host.bytes()); }
  void download(void* host, const void* from, size_t bytes) override { std::memcpy(host, from, bytes); }
  void synchronize() override {}

  size_t map_bytes(int height, int width, int channels) const override {
    return sizeof(float) * height * width * channel_stride(channels);
  }
  void download_map(float* host, Map map, int height, int width, int channels) override {
    const float* from = static_cast<const float*>(map.data);
    const int stride = channel_stride(channels), pixels = height * width;
    for (int c = 0; c < channels; ++c)
      for (int p = 0; p < pixels; ++p) host[size_t(c) * pixels + p] = from[size_t(p) * stride + c];
  }
  /// One person already keeps a few threads busy, and its maps stay in the caches.
  int people_at_once() const override { return std::max(1, ThreadPool::instance().size() / 4); }

  std::unique_ptr<PreparedConv> prepare(const ConvWeights& w) override {
    const bool winograd = w.kernel == 3;
    return std::make_unique<CpuConv>(w, winograd ? pack_winograd(w) : pack_direct(w), winograd);
  }

  void ingest(const IngestArgs& args) override {
    const int groups = channel_stride(args.channels) / kChannelAlign;
    ThreadPool::instance().run_beside(args.count * groups,
                                      [&](int task, int) { ingest_cpu(args, task / groups, task % groups); });
  }

  bool ingests_at_once() const override { return true; }

  void warp(const WarpArgs& args) override {
    ThreadPool::instance().run(args.count * args.height,
                               [&](int task, int) { warp_row_cpu(args, task / args.height, task % args.height, isa_); });
  }

  void conditions(const ConditionsArgs& args) override {
    ThreadPool::instance().run(args.count * args.height, [&](int task, int) {
      conditions_row_cpu(args, task / args.height, task % args.height, isa_);
    });
  }

  void conv(const ConvArgs& args) override {
    const CpuConv& conv = static_cast<const CpuConv&>(*args.conv);
    const int sources = int(conv.in_channels.size()), threads = ThreadPool::instance().size();
    const Division work = divide(conv, args, threads);
    const int rows = work.rows, strips = (args.height + rows - 1) / rows;
    reserve_scratch(threads, scratch_floats(conv, args.width, work));

    const auto run_strip = [&](int task, int worker) {
      const int person = task / strips, strip = task % strips;
      const auto of = [&](const Map* maps) { return maps ? static_cast<float*>(maps[person].data) : nullptr; };
      static_assert(sizeof(Map) == sizeof(float*), "a table of maps is a table of pointers");
      ConvStrip s;
      s.kernel = conv.kernel;
      s.height = args.height;
      s.width = args.width;
      s.row0 = strip * rows;
      s.row1 = std::min(args.height, s.row0 + rows);
      s.sources = sources;
      s.maps = reinterpret_cast<const float* const*>(args.sources + size_t(person) * sources);
      s.in_channels = conv.in_channels.data();
      s.in_total = conv.in_total;
      s.together = work.together;
      s.scale_stride = conv.scale_stride;
      s.scales = args.scales ? args.scales + size_t(person) * sources * conv.scale_stride : nullptr;
      s.weights = conv.weights.get();
      s.bias = conv.bias.get();
      s.out_channels = conv.out_channels;
      s.out_stride = conv.out_stride;
      s.residual = of(args.residual);
      s.activation = int(args.activation);
      s.gated = of(args.gated);
      s.mask = of(args.mask);
      s.out = of(args.out);
      s.scratch = scratch_[worker].get();
      (conv.winograd ? conv_.winograd : conv_.direct)(s);
    };
    ThreadPool::instance().run(args.batch * strips, run_strip, threads);
  }

  void decode(const DecodeArgs& args) override {
    const int stride = channel_stride(args.joints);
    ThreadPool::instance().run(args.people, [&](int b, int) {
      for (int j = 0; j < args.joints; ++j)
        decode_joint(static_cast<const float*>(args.heatmaps[b].data) + j, stride, args.height, args.width, args.method,
                     args.out + (size_t(b) * args.joints + j) * 3);
    });
  }

  void peaks(const PeaksArgs& args) override {
    ThreadPool::instance().run(args.people, [&](int b, int) {
      const View heatmaps = map_view(args.heatmaps[b], args.joints);
      const View offsets = args.offsets ? map_view(args.offsets[b], 2 * args.joints) : View{};
      for (int j = 0; j < args.joints; ++j)
        peaks_of_joint(heatmaps, args.offsets ? &offsets : nullptr, j, args.height, args.width,
                       args.out + (size_t(b) * args.joints + j) * kMostPeaks * 3);
    });
  }

  Layers* layers() override { return layers_.get(); }

  void replay(const void*, uint64_t, const std::function<void()>& enqueue) override { enqueue(); }
  void forget(const void*) override {}

 private:
  /// How a convolution is cut up: rows of a strip, and sources packed together.
  struct Division {
    int rows, together;
  };

  static size_t scratch_floats(const CpuConv& conv, int width, Division work) {
    if (conv.winograd) return winograd_scratch(work.rows, width, conv.stride_of(work.together), conv.out_stride);
    const int together = conv.kernel == 1 ? work.together : 1;
    return direct_scratch(conv.kernel, work.rows, width, conv.stride_of(together), conv.out_stride);
  }

  /// The strips that leave the busiest thread the fewest rows, with the scratch within half of a core's second-level cache:
  /// the rest is for weights and maps. Of equals the highest, since every strip reads all weights; then as many sources
  /// together as fit, since every group of sources reads and writes the sums.
  static Division divide(const CpuConv& conv, const ConvArgs& args, int threads) {
    static const size_t cache_floats = second_level_cache() / 2 / sizeof(float);
    const int sources = std::min<int>(conv.in_channels.size(), kMostTogether), step = conv.winograd ? kTile : 1;
    const auto fits = [&](Division work) { return scratch_floats(conv, args.width, work) <= cache_floats; };
    Division work{step, 1};
    int fewest = INT_MAX;
    for (int rows = step; rows < args.height + step && (rows == step || fits({rows, std::min(2, sources)})); rows += step) {
      const int strips = (args.height + rows - 1) / rows * args.batch, busiest = (strips + threads - 1) / threads * rows;
      if (busiest > fewest) continue;
      fewest = busiest;
      work.rows = rows;
    }
    while (work.together < sources && fits({work.rows, work.together + 1})) ++work.together;
    return work;
  }

  void reserve_scratch(int threads, size_t floats) {
    if (int(scratch_.size()) >= threads && floats <= scratch_floats_) return;
    scratch_floats_ = std::max(floats, scratch_floats_);
    scratch_.clear();
    for (int worker = 0; worker < threads; ++worker) scratch_.emplace_back(scratch_floats_);
  }

  const Isa isa_;
  const ConvKernels& conv_;
  const std::unique_ptr<Layers> layers_;
  MemoryPool pool_;
  std::vector<AlignedFloats> scratch_;  // one for each worker
  size_t scratch_floats_ = 0;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(Isa isa) {
  if (isa > widest_isa()) throw Error("DEVICE", std::string("this processor has no ") + kIsaNames[int(isa)]);
  return std::make_unique<CpuBackend>(isa);
}

Ceilings measure_cpu_ceilings() {
  using Clock = std::chrono::steady_clock;
  ThreadPool& pool = ThreadPool::instance();
  const int threads = pool.size();
  const ConvKernels& kernels = GLPOSE_FOR_ISA(widest_isa(), conv);
  constexpr long kRounds = 4'000'000;
  constexpr size_t kBlock = (64 << 20) / sizeof(float);
  std::vector<double> done(threads);
  std::vector<AlignedFloats> from, to;
  for (int t = 0; t < threads; ++t) {
    for (auto* blocks : {&from, &to}) blocks->emplace_back(kBlock);
    std::fill_n(from[t].get(), kBlock, 1.f);
    std::fill_n(to[t].get(), kBlock, 0.f);
  }
  const auto best_seconds = [&](const std::function<void(int)>& body) {
    double best = 1e9;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const Clock::time_point start = Clock::now();
      pool.run(threads, [&](int task, int) { body(task); });
      best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
  };
  const double multiplying = best_seconds([&](int t) { done[t] = kernels.multiply_adds(kRounds, to[t].get()); });
  const double copying = best_seconds([&](int t) { std::memcpy(to[t].get(), from[t].get(), kBlock * sizeof(float)); });
  double multiplied = 0;
  for (double count : done) multiplied += count;
  return {2 * multiplied / multiplying / 1e9, 2.0 * kBlock * sizeof(float) * threads / copying / 1e9};
}

const char* cpu_isa() { return kIsaNames[int(widest_isa())]; }

}  // namespace glpose
