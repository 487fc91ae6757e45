/*
 * conv on a GPU (see conv.h): an implicit matrix product on tensor cores, halves in, floats summed.
 *
 *   M = output pixels   N = output channels   K = input channels × taps
 *
 * A block makes 8 or 16 rows × 16 columns of pixels and up to 48 channels. It walks the input in chunks of 16 channels of
 * one source map: the chunk's patch (with its border) and its weights are copied to shared memory while the chunk before is
 * multiplied; then each of the four warps multiplies its rows of 16 pixels for every tap. A shifted tap is only another
 * address in the patch, so nothing is unfolded; and a row of the patch, once in registers, serves all taps of a column.
 * Eq. 4's weights of the sources meet the pixels there.
 *
 * Index names: m row of the warp   n tile of 8 output channels   group = lane / 4, t = lane % 4 as in gpu.h
 */
#include "kernels/conv/conv.cuh"
#include "kernels/conv/tile.cuh"

namespace glpose {
namespace {

constexpr int kColumns = kConvColumns, kWarps = kConvWarps, kThreads = kConvThreads, kChunk = kConvChunk;
constexpr int kPixelVectors = kChunk / kVector;

/// What a block needs of one chunk: a piece of shared memory. A block makes tiles of pixels, kRowsOfWarp rows a warp, by
/// kTiles · 8 output channels.
template <int side, int rows_of_warp, int tiles>
struct Stage {
  static constexpr int kSide = side, kRowsOfWarp = rows_of_warp, kTiles = tiles;
  static constexpr int kRows = kWarps * kRowsOfWarp, kPad = kSide / 2, kTaps = kSide * kSide;
  /// Chunks in shared memory at a time: one is multiplied, the others are on their way; more where that takes little.
  static constexpr int kStages = kSide == 1 || (kSide == 3 && kRowsOfWarp * kTiles <= 4) ? 4 : 2;
  static constexpr int kPatchWidth = kColumns + kSide - 1, kPatchHeight = kRows + kSide - 1;
  static constexpr int kPatchVectors = kPatchHeight * kPatchWidth * kPixelVectors;
  static constexpr int kWeightVectors = kTaps * kTiles / 2 * 32;
  HalfVector patch[kPatchVectors];
  HalfVector weights[kWeightVectors];  // [pair of tiles, tap, lane]
  float scales[kChunk];
};

/// A thread's work: its block's person, first pixel and group of output channels; and which of the block's threads it is.
struct Place {
  int person, y0, x0;
  unsigned channels;
  int warp, lane;
};

template <class S>
__device__ inline Place place_of_thread(const ConvGpuArgs& a) {
  const int tiles_across = (a.width + kColumns - 1) / kColumns;
  return {int(blockIdx.z), int(blockIdx.x / tiles_across * S::kRows), int(blockIdx.x % tiles_across * kColumns),
          blockIdx.y, int(threadIdx.x / 32), int(threadIdx.x % 32)};
}

/// Where a chunk's channels are: in device memory.
struct ChunkSource {
  const HalfVector* map;  // the chunk's first channel of the first pixel
  const HalfVector* scales;
  int stride;  // vectors from pixel to pixel
};

__device__ inline ChunkSource source_of(const ConvGpuArgs& a, int person, int chunk) {
  const ConvChunk& c = a.chunks[chunk];
  const int source = person * a.source_count + c.source;
  return {reinterpret_cast<const HalfVector*>(a.sources[source] + c.channel),
          a.scales ? reinterpret_cast<const HalfVector*>(a.scales + source * a.scale_stride + c.channel) : nullptr,
          c.stride / kVector};
}

/// A thread's part in copying chunks to shared memory: the same vectors of every patch, then some of weights and scales.
/// (The arguments are handed in: where a reference to them is kept, the compiler no longer takes them for constant.)
template <class S>
class Copier {
 public:
  __device__ inline Copier(const ConvGpuArgs& a, const Place& place) {
    GPU_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      const int pixel = (threadIdx.x + i * kThreads) / 2;
      const int y = place.y0 - S::kPad + pixel / S::kPatchWidth, x = place.x0 - S::kPad + pixel % S::kPatchWidth;
      pixels_[i] = y >= 0 && y < a.height && x >= 0 && x < a.width ? y * a.width + x : -1;
    }
    half_ = threadIdx.x % 2;
    source_ = source_of(a, place.person, 0);
  }

  /// Starts copying a chunk: the one after that of the last call.
  __device__ inline void copy(const ConvGpuArgs& a, const Place& place, S& stage, int chunk) {
    GPU_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      const int vector = threadIdx.x + i * kThreads;
      if (vector < S::kPatchVectors)
        copy_async(&stage.patch[vector_of_patch(vector / 2, half_)],
                   pixels_[i] < 0 ? nullptr : source_.map + size_t(pixels_[i]) * source_.stride + half_);
    }
    const HalfVector* weights = reinterpret_cast<const HalfVector*>(a.weights) +
                                (size_t(chunk) * gridDim.y + place.channels) * S::kWeightVectors;
    for (int i = threadIdx.x; i < S::kWeightVectors; i += kThreads) copy_async(&stage.weights[i], weights + i);
    constexpr int kScaleVectors = kChunk * sizeof(float) / sizeof(HalfVector);
    if (source_.scales && threadIdx.x < kScaleVectors)
      copy_async(reinterpret_cast<HalfVector*>(stage.scales) + threadIdx.x, source_.scales + threadIdx.x);
    if (chunk + 1 < a.chunk_count) source_ = source_of(a, place.person, chunk + 1);
  }

 private:
  static constexpr int kCopies = (S::kPatchVectors + kThreads - 1) / kThreads;

  int pixels_[kCopies];  // of the map, −1 outside
  int half_;             // of each of them
  ChunkSource source_;   // of the chunk that is copied next
};

/// Adds a chunk's products to the sums: every tap of the warp's rows of pixels, for all tiles of output channels.
template <class S>
__device__ inline void multiply(const S& stage, bool scaled, const Place& place,
                                float (&sums)[S::kRowsOfWarp][S::kTiles][4]) {
  const int warp = place.warp, lane = place.lane, t = lane % 4;
  uint32_t scales[2] = {};  // of channels 2t, 2t + 1 and 2t + 8, 2t + 9
  if (scaled)
    for (int i = 0; i < 2; ++i) scales[i] = pair_of(stage.scales[2 * t + 8 * i], stage.scales[2 * t + 8 * i + 1]);
  GPU_UNROLL
  for (int column = 0; column < S::kSide; ++column) {
    constexpr int kPatchRows = S::kRowsOfWarp + S::kSide - 1;
    uint32_t fragments[kPatchRows][4];
    const auto load = [&](int row) {
      const int pixel = (warp * S::kRowsOfWarp + row) * S::kPatchWidth + column + lane % 16;
      load_fragment(fragments[row], &stage.patch[vector_of_patch(pixel, lane / 16)]);
      if (scaled)
        for (int i = 0; i < 4; ++i) fragments[row][i] = multiply_pairs(fragments[row][i], scales[i / 2]);
    };
    GPU_UNROLL
    for (int row = 0; row < S::kRowsOfWarp - 1; ++row) load(row);
    GPU_UNROLL
    for (int row = 0; row < S::kSide; ++row) {
      load(row + S::kRowsOfWarp - 1);  // one more for each row of taps: all at once would not fit into the registers
      uint32_t b[S::kTiles][2];
      GPU_UNROLL
      for (int n = 0; n < S::kTiles; n += 2) {
        const HalfVector& pair = stage.weights[(n / 2 * S::kTaps + row * S::kSide + column) * 32 + lane];
        memcpy(b[n], &pair, sizeof pair);
      }
      GPU_UNROLL
      for (int m = 0; m < S::kRowsOfWarp; ++m) tensor_core_multiply<S::kTiles>(sums[m], fragments[m + row], b);
    }
  }
}

/// bias, residual, activation and store of one pixel's channels o … o + 7.
__device__ inline void epilogue(const ConvGpuArgs& a, int person, size_t pixel, int o, const float* sums) {
  const size_t at = (pixel * a.out_stride + o) / kVector;
  const auto vector_of = [&](const Half* map) { return reinterpret_cast<const HalfVector*>(map)[at]; };
  const auto store = [&](Half* map, const float (&x)[kVector]) {
    HalfVector out;
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) out.value[i] = to_half(x[i]);
    reinterpret_cast<HalfVector*>(map)[at] = out;
  };
  float x[kVector];
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) x[i] = sums[i] + a.bias[o + i];
  if (a.residual) {
    const HalfVector residual = vector_of(a.residual[person]);
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) x[i] += to_float(residual.value[i]);
  }
  if (a.activation == Activation::relu) {
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) x[i] = fmaxf(x[i], 0.f);
  }
  if (a.activation == Activation::mask) {
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) x[i] = 1.f / (1.f + expf(x[i]));
    if (a.mask) store(a.mask[person], x);
    const HalfVector gated = vector_of(a.gated[person]);
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) x[i] *= to_float(gated.value[i]);
  }
  store(a.out[person], x);
}

/// Finishes and stores eight channels of a pixel.
template <class S>
struct Finish {
  __device__ inline void operator()(const ConvGpuArgs& a, const Place& place, int m, int column, int n,
                                    const float* sums) const {
    const int y = place.y0 + place.warp * S::kRowsOfWarp + m, x = place.x0 + column;
    if (y < a.height && x < a.width)
      epilogue(a, place.person, size_t(y) * a.width + x, (place.channels * S::kTiles + n) * 8, sums);
  }
};

/// Blocks that shall fit on a multiprocessor: as many as leave registers enough that nothing spills (native/resources.js).
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ != 900
constexpr int kBlocksOfLargest = 2;
#else
constexpr int kBlocksOfLargest = 3;
#endif
constexpr int kLargest = 4 * 6;  // rows of a warp × tiles

/// Grid: (tiles of pixels, groups of kTiles · 8 output channels, people). Block: 128 threads.
template <int kSide, int kRowsOfWarp, int kTiles>
__global__ void __launch_bounds__(kThreads, kRowsOfWarp * kTiles == kLargest ? kBlocksOfLargest : 3)
    conv_kernel(ConvGpuArgs a) {
  using S = Stage<kSide, kRowsOfWarp, kTiles>;
  constexpr int kStages = S::kStages;
  using Stages = S[kStages];
  static_assert(sizeof(Stages) <= 64 << 10, "more than a block of sm_75 can have");
  GPU_LARGE_SHARED(Stages, stages);

  const Place place = place_of_thread<S>(a);
  Copier<S> copier(a, place);
  for (int chunk = 0; chunk < kStages - 1; ++chunk) {
    if (chunk < a.chunk_count) copier.copy(a, place, stages[chunk % kStages], chunk);
    copies_commit();
  }

  float sums[kRowsOfWarp][kTiles][4] = {};
  for (int chunk = 0; chunk < a.chunk_count; ++chunk) {
    copies_wait<kStages - 2>();
    __syncthreads();  // this chunk is there, and the last one has been used
    const int ahead = chunk + kStages - 1;
    if (ahead < a.chunk_count) copier.copy(a, place, stages[ahead % kStages], ahead);
    copies_commit();  // of every chunk, so that the groups can be counted
    multiply(stages[chunk % kStages], a.scales != nullptr, place, sums);
  }
  static_assert(kSumsBytes<kTiles> <= sizeof(Stages), "the sums take the stages' place");
  store_tiles<Finish<S>>(a, place, sums, reinterpret_cast<float*>(stages));
}

int blocks_of(const ConvGpuArgs& args, int rows, int batch) {
  return (args.width + kColumns - 1) / kColumns * ((args.height + rows - 1) / rows) * batch;
}

template <int kSide, int kRowsOfWarp, int kTiles>
cudaError_t launch(const ConvGpuArgs& args, int batch, cudaStream_t stream) {
  const int blocks = blocks_of(args, kWarps * kRowsOfWarp, 1), groups = args.out_stride / (8 * kTiles);
  using S = Stage<kSide, kRowsOfWarp, kTiles>;
  return gpu_launch(conv_kernel<kSide, kRowsOfWarp, kTiles>, dim3(blocks, groups, batch), dim3(kThreads),
                    sizeof(S) * S::kStages, stream, args);
}

template <int kSide, int kRowsOfWarp>
cudaError_t launch(const ConvGpuArgs& args, int batch, cudaStream_t stream) {
  const int tiles = args.out_stride / 8;
  // 5×5: more tiles' weights would not fit beside the patch.
  if (kSide < 5 && tiles % 6 == 0) return launch<kSide, kRowsOfWarp, kSide < 5 ? 6 : 2>(args, batch, stream);
  if (kSide < 5 && tiles % 4 == 0) return launch<kSide, kRowsOfWarp, kSide < 5 ? 4 : 2>(args, batch, stream);
  return launch<kSide, kRowsOfWarp, 2>(args, batch, stream);
}

/// Large tiles read least; small ones spread a small batch over the device. (A split of the input's channels over blocks would spread it
/// further, but add up in another order: a person alone would be another than in company.)
template <int kSide>
cudaError_t launch(const ConvGpuArgs& args, int batch, cudaStream_t stream) {
  if (blocks_of(args, 16, batch) >= args.many_blocks) return launch<kSide, 4>(args, batch, stream);
  if (blocks_of(args, 8, batch) >= args.many_blocks) return launch<kSide, 2>(args, batch, stream);
  if (blocks_of(args, 8, batch) * (args.out_stride / 16) >= 2 * args.many_blocks) return launch<kSide, 2, 2>(args, batch, stream);
  return launch<kSide, 1, 2>(args, batch, stream);
}

}  // namespace

std::vector<ConvChunk> conv_chunks(const ConvWeights& w) {
  std::vector<ConvChunk> chunks;
  for (size_t source = 0; source < w.in_channels.size(); ++source) {
    const int stride = channel_stride(w.in_channels[source]);
    for (int channel = 0; channel < stride; channel += kChunk) chunks.push_back({int(source), channel, stride});
  }
  return chunks;
}

std::vector<Half> pack_tensor_core(const ConvWeights& w) {
  const int area = w.kernel * w.kernel, total = w.in_total(), out_stride = channel_stride(w.out_channels);
  std::vector<Half> packed;
  packed.reserve(size_t(area) * out_stride * channel_stride(total));
  int first = 0;  // input channel of the source
  for (int channels : w.in_channels) {
    for (int chunk = 0; chunk < channels; chunk += kChunk)
      for (int column0 = 0; column0 < out_stride; column0 += 16)
        for (int tap = 0; tap < area; ++tap)
          for (int lane = 0; lane < 32; ++lane)
            for (int j = 0; j < 8; ++j) {
              const int i = chunk + lane % 4 * 2 + j % 2 + j / 2 % 2 * 8, o = column0 + j / 4 * 8 + lane / 4;
              const bool real = i < channels && o < w.out_channels;
              packed.push_back(to_half(real ? w.weight[(size_t(o) * total + first + i) * area + tap] : 0.f));
            }
    first += channels;
  }
  return packed;
}

cudaError_t conv_gpu(const ConvGpuArgs& args, int side, int batch, cudaStream_t stream) {
  switch (side) {
    case 1: return launch<1>(args, batch, stream);
    case 3: return launch<3>(args, batch, stream);
    default: return launch<5>(args, batch, stream);
  }
}

}  // namespace glpose
