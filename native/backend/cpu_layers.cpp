#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

#include "backend/aligned.h"
#include "backend/layers.h"
#include "backend/thread_pool.h"
#include "kernels/conv2d/strip.h"

namespace glpose {
namespace {

/// Fewer tiles of one image than this are not worth a transform of the weights. (How many images go together must not matter: each
/// way rounds its own way.)
constexpr int kFewTiles = 6;

struct CpuConv2d : PreparedConv2d {
  int kernel, stride, pad_top, pad_left, in_channels, out_channels, out_stride;
  bool depthwise;
  AlignedFloats weights, bias;

  explicit CpuConv2d(const Conv2dWeights& w)
      : PreparedConv2d(w),
        kernel(w.kernel),
        stride(w.stride),
        pad_top(w.pad_top),
        pad_left(w.pad_left),
        in_channels(w.in_channels),
        out_channels(w.out_channels),
        out_stride(channel_stride(w.out_channels)),
        depthwise(w.depthwise),
        weights(size_t(kernel) * kernel * (depthwise ? 1 : in_channels) * out_stride),
        bias(out_stride) {
    std::fill_n(std::copy(w.bias.begin(), w.bias.end(), bias.get()), out_stride - out_channels, 0.f);
    const int taps = kernel * kernel, inputs = depthwise ? 1 : in_channels;
    float* to = weights.get();
    for (int first = 0, width; first < out_stride; first += width) {
      width = depthwise ? out_stride : block_width(first, out_stride);
      for (int t = 0; t < taps; ++t)
        for (int i = 0; i < inputs; ++i)
          for (int o = first; o < first + width; ++o)
            *to++ = o < out_channels ? w.weight[(size_t(o) * inputs + i) * taps + t] : 0;
    }
  }
};

class CpuLayers : public Layers {
 public:
  explicit CpuLayers(Isa isa) : isa_(isa), kernels_(GLPOSE_FOR_ISA(isa, conv2d)) {}

  std::unique_ptr<PreparedConv2d> prepare(const Conv2dWeights& weights) override {
    return std::make_unique<CpuConv2d>(weights);
  }

  void load(const LoadArgs& args) override { rows(args.batch, args.size.height, load_cpu, args); }
  void crop(const CropMapsArgs& args) override {
    ThreadPool::instance().run(args.batch, [&](int window, int) { crop_map_cpu(args, window, isa_); });
  }
  void unload(const UnloadArgs& args) override { rows(args.batch, args.size.height, unload_cpu, args); }
  void sum(const SumArgs& args) override { rows(args.batch, args.size.height, sum_cpu, args); }
  void product(const ProductArgs& args) override { rows(args.batch, args.size.height, product_cpu, args); }
  void concat(const ConcatArgs& args) override { rows(args.batch, args.height, concat_cpu, args); }
  void resize(const ResizeArgs& args) override { rows(args.batch, args.height, resize_cpu, args); }
  void pool(const PoolArgs& args) override { rows(args.batch, args.height, pool_cpu, args); }

  void locate(const LocateArgs& args) override {
    const auto [joints, height, width] = args.size;
    const int numbers = 2 * joints;
    places_.resize(size_t(args.batch) * numbers);
    ThreadPool::instance().run(args.batch, [&](int image, int) { locate_places_cpu(args, image, &places_[image * numbers]); });
    rows(args.batch, height, [&](int image, int row) { locate_row_cpu(args, &places_[image * numbers], image, row); });
  }

  void pose(const PoseArgs& args) override {
    const int joints = args.size.channels;
    ThreadPool::instance().run(args.batch, [&](int image, int) {
      const PoseViews maps{map_view(args.heatmaps[image], joints), map_view(args.offsets[image], 2 * joints),
                           map_view(args.regress[image], 2 * joints), map_view(args.center[image], 1),
                           static_cast<const float*>(args.expected[image].data)};
      pose_of_image(maps, args.size, args.trust, args.out + size_t(image) * joints * kPoseNumbers);
    });
  }

  void conv2d(const Conv2dArgs& args) override {
    const CpuConv2d& conv = static_cast<const CpuConv2d&>(*args.conv);
    Conv2dStrip all{};
    all.kernel = conv.kernel;
    all.stride = conv.stride;
    all.pad_top = conv.pad_top;
    all.pad_left = conv.pad_left;
    all.in_height = args.in_height;
    all.in_width = args.in_width;
    all.in_channels = conv.in_channels;
    all.in_stride = channel_stride(conv.in_channels);
    all.height = args.height;
    all.width = args.width;
    all.out_channels = conv.out_channels;
    all.out_stride = conv.out_stride;
    all.weights = conv.weights.get();
    all.bias = conv.bias.get();
    all.sigmoid = args.end.sigmoid;
    all.low = args.end.low;
    all.high = args.end.high;
    all.zero_moves = args.end.zero_moves();

    const int threads = ThreadPool::instance().size();
    const Way way = way_of(conv, args);
    const int rows = rows_of(way, conv, args, threads), strips = (args.height + rows - 1) / rows;
    reserve(scratch_, threads, scratch_floats(way, conv, args, rows));
    if (way == Way::winograd) all.winograd_weights = make_winograd_weights(conv, threads);
    const auto run_strip = [&](int task, int worker) {
      const int image = task / strips, strip = task % strips;
      const auto of = [&](const Map* maps) { return maps ? static_cast<float*>(maps[image].data) : nullptr; };
      Conv2dStrip s = all;
      s.row0 = strip * rows;
      s.row1 = std::min(args.height, s.row0 + rows);
      s.source = of(args.source);
      s.addend = of(args.addend);
      s.out = of(args.out);
      s.scratch = scratch_.blocks[worker].get();
      (way == Way::winograd    ? kernels_.winograd
       : way == Way::depthwise ? kernels_.depthwise
       : way == Way::pointwise ? kernels_.pointwise
                               : kernels_.direct)(s);
    };
    ThreadPool::instance().run(args.batch * strips, run_strip, threads);
  }

 private:
  enum class Way { direct, pointwise, depthwise, winograd };

  static Way way_of(const CpuConv2d& conv, const Conv2dArgs& args) {
    if (conv.depthwise) return Way::depthwise;
    const bool padded = conv.pad_top > 0 || conv.pad_left > 0;
    const bool same = args.height == args.in_height && args.width == args.in_width;
    if (conv.kernel == 1 && conv.stride == 1 && !padded && same) return Way::pointwise;
    const int tiles = (args.height + kTile - 1) / kTile * ((args.width + kTile - 1) / kTile);
    const bool wide = conv.in_channels >= kChannelAlign && conv.out_channels >= kChannelAlign;
    return conv.kernel == 3 && conv.stride == 1 && wide && tiles >= kFewTiles ? Way::winograd : Way::direct;
  }

  static size_t scratch_floats(Way way, const CpuConv2d& conv, const Conv2dArgs& args, int rows) {
    if (way == Way::winograd) return winograd_scratch(rows, args.width, channel_stride(conv.in_channels));
    if (way == Way::direct) return direct_scratch(conv.kernel, conv.stride, rows, args.width, conv.in_channels);
    return 0;
  }

  /// The strips that leave the busiest thread the fewest rows; of equals the highest, since every strip reads all weights. What a
  /// strip reads, writes and copies stays within three quarters of a core's second-level cache.
  static int rows_of(Way way, const CpuConv2d& conv, const Conv2dArgs& args, int threads) {
    static const size_t cache_floats = second_level_cache() * 3 / 4 / sizeof(float);
    const int step = way == Way::winograd ? kTile : 1;
    const auto fits = [&](int rows) {
      const size_t in = size_t(rows) * conv.stride * args.in_width * channel_stride(conv.in_channels);
      const size_t out = size_t(rows) * args.width * conv.out_stride;
      const size_t scratch = scratch_floats(way, conv, args, rows);
      return (scratch > 0 ? scratch : in + out) <= cache_floats;
    };
    int best = step, fewest = INT_MAX;
    for (int rows = step; rows < args.height + step && (rows == step || fits(rows)); rows += step) {
      const int strips = (args.height + rows - 1) / rows * args.batch, busiest = (strips + threads - 1) / threads * rows;
      if (busiest > fewest) continue;
      fewest = busiest;
      best = rows;
    }
    return best;
  }

  const float* make_winograd_weights(const CpuConv2d& conv, int threads) {
    constexpr int kTaps = 9, kPlanes = kPatch * kPatch;
    reserve(winograd_, 1, size_t(kPlanes) * conv.in_channels * conv.out_stride);
    std::vector<int> blocks;
    for (int o = 0; o < conv.out_stride; o += block_width(o, conv.out_stride)) blocks.push_back(o);
    const int parts = (threads + int(blocks.size()) - 1) / int(blocks.size());
    float* const to = winograd_.blocks[0].get();
    ThreadPool::instance().run(int(blocks.size()) * parts, [&](int task, int) {
      const int first = blocks[task / parts], part = task % parts, channels = conv.in_channels;
      const size_t depth = size_t(channels) * first;
      kernels_.winograd_weights(conv.weights.get() + kTaps * depth, channels, block_width(first, conv.out_stride),
                                channels * part / parts, channels * (part + 1) / parts, to + kPlanes * depth);
    });
    return to;
  }

  template <class Row>
  static void rows(int batch, int height, const Row& row) {
    // A few rows a task: a row alone takes less than handing it out.
    constexpr int kTogether = 4;
    const int tasks = (height + kTogether - 1) / kTogether;
    ThreadPool::instance().run(batch * tasks, [&](int task, int) {
      const int first = task % tasks * kTogether;
      for (int y = first; y < std::min(height, first + kTogether); ++y) row(task / tasks, y);
    });
  }
  template <class Args>
  static void rows(int batch, int height, void (*row)(const Args&, int image, int row), const Args& args) {
    rows(batch, height, [&](int image, int y) { row(args, image, y); });
  }

  /// Memory that grows with the largest layer so far.
  struct Scratch {
    std::vector<AlignedFloats> blocks;
    size_t floats = 0;
  };
  static void reserve(Scratch& scratch, int blocks, size_t floats) {
    if (int(scratch.blocks.size()) >= blocks && floats <= scratch.floats) return;
    scratch.floats = std::max(floats, scratch.floats);
    scratch.blocks.clear();
    for (int i = 0; i < blocks; ++i) scratch.blocks.emplace_back(scratch.floats);
  }

  const Isa isa_;
  const Conv2dKernels& kernels_;
  Scratch scratch_;   // one for each worker
  Scratch winograd_;  // weights of the layer under way
  std::vector<float> places_;  // locate's
};

}  // namespace

std::unique_ptr<Layers> make_cpu_layers(Isa isa) { return std::make_unique<CpuLayers>(isa); }

}  // namespace glpose
