#include "backend/cuda_layers.cuh"

#include <algorithm>

#include "kernels/conv/conv.cuh"
#include "kernels/conv2d/conv2d.cuh"
#include "kernels/crop/crop.cuh"
#include "kernels/layers/layers.cuh"
#include "kernels/locate/locate.cuh"
#include "kernels/pose/pose.cuh"

namespace glpose {
namespace {

constexpr float kInfinity = __builtin_inff();

struct CudaConv2d : PreparedConv2d {
  using PreparedConv2d::PreparedConv2d;
  int side;  // of the kernel as it is run
  int stride, pad_top, pad_left, in_stride, out_channels, out_stride;
  bool depthwise, centred;  // centred: every output pixel lies in the middle of what it reads
  int chunk_count = 0;
  Buffer weights, bias, chunks;
};

/// Weights [out, in, side, side] with zeros below and to the right of those of a smaller kernel.
std::vector<float> padded(const Conv2dWeights& w, int side) {
  const size_t filters = size_t(w.in_channels) * w.out_channels;
  std::vector<float> weights(filters * side * side);
  for (size_t f = 0; f < filters; ++f)
    for (int y = 0; y < w.kernel; ++y)
      for (int x = 0; x < w.kernel; ++x) weights[(f * side + y) * side + x] = w.weight[(f * w.kernel + y) * w.kernel + x];
  return weights;
}

/// [taps, out_stride]
std::vector<Half> pack_depthwise(const Conv2dWeights& w) {
  const int taps = w.kernel * w.kernel, stride = channel_stride(w.out_channels);
  std::vector<Half> packed(size_t(taps) * stride, to_half(0));
  for (int o = 0; o < w.out_channels; ++o)
    for (int t = 0; t < taps; ++t) packed[size_t(t) * stride + o] = to_half(w.weight[size_t(o) * taps + t]);
  return packed;
}

class CudaLayers : public Layers {
 public:
  CudaLayers(Backend& backend, const CudaQueue& queue, int many_blocks)
      : backend_(backend), queue_(queue), many_blocks_(many_blocks) {}

  std::unique_ptr<PreparedConv2d> prepare(const Conv2dWeights& w) override {
    auto conv = std::make_unique<CudaConv2d>(w);
    conv->side = w.depthwise ? w.kernel : padded_side(w.kernel);
    conv->stride = w.stride;
    conv->pad_top = w.pad_top;
    conv->pad_left = w.pad_left;
    conv->in_stride = channel_stride(w.in_channels);
    conv->out_channels = w.out_channels;
    conv->out_stride = channel_stride(w.out_channels);
    conv->depthwise = w.depthwise;
    conv->centred = conv->side == w.kernel && w.stride == 1 && w.pad_top == w.kernel / 2 && w.pad_left == w.kernel / 2;
    std::vector<float> bias = w.bias;
    bias.resize(conv->out_stride);
    conv->bias = uploaded(bias);
    if (w.depthwise) {
      conv->weights = uploaded(pack_depthwise(w));
    } else {
      const ConvWeights one{w.name, conv->side, {w.in_channels}, w.out_channels, padded(w, conv->side), w.bias};
      const std::vector<ConvChunk> chunks = conv_chunks(one);
      conv->weights = uploaded(pack_tensor_core(one));
      conv->chunks = uploaded(chunks);
      conv->chunk_count = int(chunks.size());
    }
    return conv;
  }

  void load(const LoadArgs& args) override {
    const size_t floats = size_t(args.batch) * args.size.channels * args.size.height * args.size.width;
    Buffer planes(backend_, floats * sizeof(float));
    backend_.upload(planes.data(), args.planes, floats * sizeof(float));
    queue_.check(load_gpu({args.size, static_cast<const float*>(planes.data()), table(args.out)}, args.batch, queue_.stream),
                 "the kernel load");
  }

  void crop(const CropMapsArgs& args) override {
    Buffer windows(backend_, args.batch * sizeof(ImageWindow));
    backend_.upload(windows.data(), args.windows, args.batch * sizeof(ImageWindow));
    CropGpuArgs gpu;
    gpu.height = args.height;
    gpu.width = args.width;
    gpu.windows = static_cast<const ImageWindow*>(windows.data());
    std::copy_n(args.mean, 3, gpu.mean);
    std::copy_n(args.inv_std, 3, gpu.inv_std);
    gpu.out = table(args.out);
    queue_.check(crop_gpu(gpu, args.batch, queue_.stream), "the kernel crop");
  }

  void unload(const UnloadArgs& args) override {
    queue_.use();
    const size_t floats = size_t(args.batch) * args.size.channels * args.size.height * args.size.width;
    Buffer planes;
    if (!args.stay) planes = Buffer(backend_, floats * sizeof(float));
    float* to = args.stay ? args.planes : static_cast<float*>(planes.data());
    queue_.check(unload_gpu({args.size, table(args.source), to}, args.batch, queue_.stream), "the kernel unload");
    if (!args.stay) backend_.download(args.planes, to, floats * sizeof(float));
  }

  void conv2d(const Conv2dArgs& args) override {
    queue_.use();
    const CudaConv2d& conv = static_cast<const CudaConv2d&>(*args.conv);
    // What the head's convolution does, it does faster.
    const bool same = conv.centred && args.height == args.in_height && args.width == args.in_width;
    const bool plain = !args.end.sigmoid && args.end.high == kInfinity && (args.end.low == 0 || args.end.low == -kInfinity);
    if (same && plain && !conv.depthwise && conv.side <= 3) return conv_of_head(conv, args);

    Conv2dGpuArgs gpu;
    gpu.stride = conv.stride;
    gpu.pad_top = conv.pad_top;
    gpu.pad_left = conv.pad_left;
    gpu.in_height = args.in_height;
    gpu.in_width = args.in_width;
    gpu.in_stride = conv.in_stride;
    gpu.height = args.height;
    gpu.width = args.width;
    gpu.out_channels = conv.out_channels;
    gpu.out_stride = conv.out_stride;
    gpu.source = table(args.source);
    gpu.weights = static_cast<const Half*>(conv.weights.data());
    gpu.bias = static_cast<const float*>(conv.bias.data());
    gpu.addend = table(args.addend);
    gpu.out = table(args.out);
    gpu.end = args.end;
    gpu.many_blocks = many_blocks_;
    queue_.check((conv.depthwise ? depthwise_gpu : conv2d_gpu)(gpu, conv.side, args.batch, queue_.stream), "the kernel conv2d");
  }

  void sum(const SumArgs& args) override {
    queue_.use();
    // A few terms at a time; the sum so far is the next ones' first.
    for (int first = 0; first < args.count;) {
      SumGpuArgs gpu;
      gpu.size = args.size;
      gpu.out = table(args.out);
      gpu.count = 0;
      if (first > 0) gpu.terms[gpu.count++] = {table(args.out), 1};
      while (first < args.count && gpu.count < SumGpuArgs::kMostTerms) {
        gpu.terms[gpu.count++] = {table(args.terms[first].map), args.terms[first].factor};
        ++first;
      }
      if (first == args.count) gpu.end = args.end;
      queue_.check(sum_gpu(gpu, args.batch, queue_.stream), "the kernel sum");
    }
  }

  void product(const ProductArgs& args) override {
    queue_.use();
    queue_.check(product_gpu({args.size, table(args.a), table(args.b), table(args.out)}, args.batch, queue_.stream),
                 "the kernel product");
  }

  void concat(const ConcatArgs& args) override {
    queue_.use();
    int total = 0;
    for (int s = 0; s < args.count; ++s) total += args.channels[s];
    ConcatGpuArgs gpu;
    gpu.pixels = args.height * args.width;
    gpu.out_stride = channel_stride(total);
    gpu.out = table(args.out);
    gpu.first = 0;
    for (int s = 0; s < args.count; ++s) {
      gpu.channels = args.channels[s];
      gpu.written = s + 1 == args.count ? gpu.out_stride - gpu.first : gpu.channels;
      gpu.source = table(args.sources[s]);
      queue_.check(concat_gpu(gpu, args.batch, queue_.stream), "the kernel concat");
      gpu.first += gpu.channels;
    }
  }

  void resize(const ResizeArgs& args) override {
    queue_.use();
    queue_.check(resize_gpu({args.in, args.height, args.width, args.rows, args.columns, table(args.source), table(args.out)},
                            args.batch, queue_.stream),
                 "the kernel resize");
  }

  void pool(const PoolArgs& args) override {
    queue_.use();
    queue_.check(pool_gpu({args.in, args.height, args.width, args.max, args.kernel_height, args.kernel_width, args.stride,
                           args.pad_top, args.pad_left, table(args.source), table(args.out)},
                          args.batch, queue_.stream),
                 "the kernel pool");
  }

  void locate(const LocateArgs& args) override {
    queue_.use();
    queue_.check(locate_gpu({args.size, args.offset, table(args.heatmaps), table(args.regress), table(args.center),
                             table(args.expected), table(args.out)},
                            args.batch, queue_.stream),
                 "the kernel locate");
  }

  void pose(const PoseArgs& args) override {
    queue_.use();
    queue_.check(pose_gpu({args.size, args.trust, table(args.heatmaps), table(args.offsets), table(args.regress),
                           table(args.center), table(args.expected), args.out},
                          args.batch, queue_.stream),
                 "the kernel pose");
  }

 private:
  static Half* const* table(const Map* maps) { return reinterpret_cast<Half* const*>(maps); }

  template <class T>
  Buffer uploaded(const std::vector<T>& values) {
    Buffer buffer(backend_, values.size() * sizeof(T));
    backend_.upload(buffer.data(), values.data(), values.size() * sizeof(T));
    return buffer;
  }

  void conv_of_head(const CudaConv2d& conv, const Conv2dArgs& args) {
    ConvGpuArgs gpu{};
    gpu.height = args.height;
    gpu.width = args.width;
    gpu.source_count = 1;
    gpu.chunk_count = conv.chunk_count;
    gpu.out_stride = conv.out_stride;
    gpu.sources = table(args.source);
    gpu.chunks = static_cast<const ConvChunk*>(conv.chunks.data());
    gpu.weights = static_cast<const Half*>(conv.weights.data());
    gpu.bias = static_cast<const float*>(conv.bias.data());
    gpu.residual = table(args.addend);
    gpu.activation = args.end.low == 0 ? Activation::relu : Activation::linear;
    gpu.out = table(args.out);
    gpu.many_blocks = many_blocks_;
    queue_.check(conv_gpu(gpu, conv.side, args.batch, queue_.stream), "the kernel conv");
  }

  Backend& backend_;
  const CudaQueue& queue_;
  const int many_blocks_;
};

}  // namespace

std::unique_ptr<Layers> make_cuda_layers(Backend& backend, const CudaQueue& queue, int many_blocks) {
  return std::make_unique<CudaLayers>(backend, queue, many_blocks);
}

}  // namespace glpose
