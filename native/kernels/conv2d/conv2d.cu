/*
 * conv2d on a GPU (see conv2d.h): an implicit matrix product on tensor cores, halves in, floats summed, as in conv.cu, but of one
 * source, for strides of 1 and 2, any padding, and kernels of up to 7×7.
 *
 *   M = output pixels   N = output channels   K = input channels × taps
 *
 * A block makes 8 rows × 16 columns of pixels and up to 48 channels. It walks the product's depth in steps of 16 input channels by
 * one row of taps, of which a 7×7 kernel, too, leaves room for several in shared memory: while one step is multiplied, the next ones are
 * copied there. With a stride of 2 a row's even columns lie before its odd ones: what a tap reads for 16 pixels then
 * lies side by side, and tensor cores take it as with a stride of 1.
 *
 * Index names: m row of the warp   n tile of 8 output channels   column tap within its row
 */
#include "kernels/conv2d/conv2d.cuh"

#include "kernels/conv/tile.cuh"
#include "kernels/layers/layers.cuh"

namespace glpose {
namespace {

constexpr int kRowsOfWarp = 2, kRows = kConvWarps * kRowsOfWarp;

/// What a block needs of one step: a piece of shared memory.
template <int side, int stride, int tiles>
struct Step {
  static constexpr int kSide = side, kStride = stride, kTiles = tiles;
  static constexpr int kStages = 3;
  static constexpr int kPhases = kSide < kStride ? kSide : kStride;  // remainders of columns that some tap reads
  static constexpr int kPhaseWidth = kConvColumns + (kSide - 1) / kStride;
  static constexpr int kRowPixels = kPhases * kPhaseWidth;
  static constexpr int kPatchVectors = kRows * kRowPixels * (kConvChunk / kVector);
  static constexpr int kPairVectors = kSide * 32;  // weights of one row of taps of a pair of tiles
  static constexpr int kWeightVectors = kTiles / 2 * kPairVectors;
  HalfVector patch[kPatchVectors];      // [row, phase, column of the phase, half]
  HalfVector weights[kWeightVectors];  // [pair of tiles, column, lane]
};

struct Place {
  int image, y0, x0;
  unsigned channels;  // group of output channels
  int warp, lane;
};

__device__ inline Place place_of_thread(const Conv2dGpuArgs& a) {
  const int across = (a.width + kConvColumns - 1) / kConvColumns;
  return {int(blockIdx.z), int(blockIdx.x / across * kRows), int(blockIdx.x % across * kConvColumns),
          blockIdx.y,      int(threadIdx.x / 32),            int(threadIdx.x % 32)};
}

/// Starts copying a step to shared memory: row `tap_row` of the taps of a chunk of channels.
template <class S>
__device__ inline void copy(const Conv2dGpuArgs& a, const Place& place, S& stage, int chunk, int tap_row) {
  const HalfVector* map = reinterpret_cast<const HalfVector*>(a.source[place.image]) + chunk * (kConvChunk / kVector);
  const int top = place.y0 * S::kStride + tap_row - a.pad_top, left = place.x0 * S::kStride - a.pad_left;
  for (int i = threadIdx.x; i < S::kPatchVectors; i += kConvThreads) {
    const int pixel = i / 2, half = i % 2, row = pixel / S::kRowPixels, in_row = pixel % S::kRowPixels;
    const int y = top + row * S::kStride;
    const int x = left + in_row % S::kPhaseWidth * S::kStride + in_row / S::kPhaseWidth;
    const bool inside = y >= 0 && y < a.in_height && x >= 0 && x < a.in_width;
    copy_async(&stage.patch[vector_of_patch(pixel, half)],
               inside ? map + (size_t(y) * a.in_width + x) * (a.in_stride / kVector) + half : nullptr);
  }
  // In memory: [chunk, pair of tiles, row of taps, column, lane].
  const size_t first_pair = (size_t(chunk) * gridDim.y + place.channels) * (S::kTiles / 2);
  const HalfVector* weights = reinterpret_cast<const HalfVector*>(a.weights);
  for (int i = threadIdx.x; i < S::kWeightVectors; i += kConvThreads) {
    const size_t pair = first_pair + i / S::kPairVectors;
    copy_async(&stage.weights[i], weights + (pair * S::kSide + tap_row) * S::kPairVectors + i % S::kPairVectors);
  }
}

/// Adds a step's products to the sums.
template <class S>
__device__ inline void multiply(const S& stage, const Place& place, float (&sums)[kRowsOfWarp][S::kTiles][4]) {
  GPU_UNROLL
  for (int column = 0; column < S::kSide; ++column) {
    uint32_t b[S::kTiles][2];
    GPU_UNROLL
    for (int n = 0; n < S::kTiles; n += 2) {
      const HalfVector& pair = stage.weights[n / 2 * S::kPairVectors + column * 32 + place.lane];
      memcpy(b[n], &pair, sizeof pair);
    }
    const int first = column % S::kStride * S::kPhaseWidth + column / S::kStride;
    GPU_UNROLL
    for (int m = 0; m < kRowsOfWarp; ++m) {
      const int pixel = (place.warp * kRowsOfWarp + m) * S::kRowPixels + first + place.lane % 16;
      uint32_t fragment[4];
      load_fragment(fragment, &stage.patch[vector_of_patch(pixel, place.lane / 16)]);
      tensor_core_multiply<S::kTiles>(sums[m], fragment, b);
    }
  }
}

/// bias, addend, end and store of one pixel's channels o … o + 7.
__device__ inline void epilogue(const Conv2dGpuArgs& a, int image, size_t pixel, int o, const float* sums) {
  const size_t at = (pixel * a.out_stride + o) / kVector;
  float x[kVector];
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) x[i] = sums[i] + a.bias[o + i];
  if (a.addend) {
    const HalfVector addend = reinterpret_cast<const HalfVector*>(a.addend[image])[at];
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) x[i] += to_float(addend.value[i]);
  }
  reinterpret_cast<HalfVector*>(a.out[image])[at] = finished(a.end, x, o, a.out_channels);
}

/// Finishes and stores eight channels of a pixel.
template <int kTiles>
struct Finish {
  __device__ inline void operator()(const Conv2dGpuArgs& a, const Place& place, int m, int column, int n,
                                    const float* sums) const {
    const int y = place.y0 + place.warp * kRowsOfWarp + m, x = place.x0 + column;
    if (y < a.height && x < a.width)
      epilogue(a, place.image, size_t(y) * a.width + x, (place.channels * kTiles + n) * 8, sums);
  }
};

/// Grid: (tiles of pixels, groups of kTiles · 8 output channels, images). Block: 128 threads.
template <int kSide, int kStride, int kTiles>
__global__ void __launch_bounds__(kConvThreads, 3) conv2d_kernel(Conv2dGpuArgs a) {
  using S = Step<kSide, kStride, kTiles>;
  constexpr int kStages = S::kStages;
  using Stages = S[kStages];
  static_assert(sizeof(Stages) <= 64 << 10, "more than a block of sm_75 can have");
  static_assert(kSumsBytes<kTiles> <= sizeof(Stages), "the sums take the steps' place");
  GPU_LARGE_SHARED(Stages, stages);

  const Place place = place_of_thread(a);
  const int steps = a.in_stride / kConvChunk * kSide;
  for (int step = 0; step < kStages - 1; ++step) {
    if (step < steps) copy(a, place, stages[step], step / kSide, step % kSide);
    copies_commit();
  }
  float sums[kRowsOfWarp][kTiles][4] = {};
  for (int step = 0; step < steps; ++step) {
    copies_wait<kStages - 2>();
    __syncthreads();  // this step is there, and the last one has been used
    const int ahead = step + kStages - 1;
    if (ahead < steps) copy(a, place, stages[ahead % kStages], ahead / kSide, ahead % kSide);
    copies_commit();  // of every step, so that the groups can be counted
    multiply(stages[step % kStages], place, sums);
  }
  store_tiles<Finish<kTiles>>(a, place, sums, reinterpret_cast<float*>(stages));
}

constexpr int kDepthwiseThreads = 256;

/// One thread eight channels of an output pixel. Grid: (groups of 256 vectors of a map, images). Block: 256 threads.
__global__ void __launch_bounds__(kDepthwiseThreads) depthwise_kernel(Conv2dGpuArgs a, int side) {
  const int vectors = a.out_stride / kVector, element = blockIdx.x * kDepthwiseThreads + threadIdx.x, image = blockIdx.y;
  if (element >= a.height * a.width * vectors) return;
  const int v = element % vectors, x0 = element / vectors % a.width, y0 = element / vectors / a.width;
  const HalfVector* map = reinterpret_cast<const HalfVector*>(a.source[image]);
  const HalfVector* weights = reinterpret_cast<const HalfVector*>(a.weights);
  float sums[kVector] = {};
  for (int row = 0; row < side; ++row) {
    const int y = y0 * a.stride + row - a.pad_top;
    if (y < 0 || y >= a.in_height) continue;
    for (int column = 0; column < side; ++column) {
      const int x = x0 * a.stride + column - a.pad_left;
      if (x < 0 || x >= a.in_width) continue;
      const HalfVector value = map[(size_t(y) * a.in_width + x) * vectors + v], weight = weights[(row * side + column) * vectors + v];
      GPU_UNROLL
      for (int i = 0; i < kVector; ++i) sums[i] += to_float(value.value[i]) * to_float(weight.value[i]);
    }
  }
  epilogue(a, image, element / vectors, v * kVector, sums);
}

int blocks_of(const Conv2dGpuArgs& args) {
  return (args.width + kConvColumns - 1) / kConvColumns * ((args.height + kRows - 1) / kRows);
}

template <int kSide, int kStride, int kTiles>
cudaError_t launch(const Conv2dGpuArgs& args, int batch, cudaStream_t stream) {
  using S = Step<kSide, kStride, kTiles>;
  const dim3 grid(blocks_of(args), args.out_stride / (8 * kTiles), batch);
  return gpu_launch(conv2d_kernel<kSide, kStride, kTiles>, grid, dim3(kConvThreads), sizeof(S) * S::kStages, stream, args);
}

/// Large tiles read least; small ones spread a small batch over the device.
template <int kSide, int kStride>
cudaError_t launch(const Conv2dGpuArgs& args, int batch, cudaStream_t stream) {
  const int tiles = args.out_stride / 8;
  const bool many = blocks_of(args) * batch >= args.many_blocks;
  if constexpr (kSide < 7) {  // 7×7: of stems, which have three channels and little to gain
    if (many && tiles % 6 == 0) return launch<kSide, kStride, 6>(args, batch, stream);
    if (many && tiles % 4 == 0) return launch<kSide, kStride, 4>(args, batch, stream);
  }
  return launch<kSide, kStride, 2>(args, batch, stream);
}

template <int kSide>
cudaError_t launch(const Conv2dGpuArgs& args, int batch, cudaStream_t stream) {
  return args.stride == 1 ? launch<kSide, 1>(args, batch, stream) : launch<kSide, 2>(args, batch, stream);
}

}  // namespace

cudaError_t conv2d_gpu(const Conv2dGpuArgs& args, int side, int batch, cudaStream_t stream) {
  switch (side) {
    case 1: return launch<1>(args, batch, stream);
    case 3: return launch<3>(args, batch, stream);
    default: return launch<7>(args, batch, stream);
  }
}

cudaError_t depthwise_gpu(const Conv2dGpuArgs& args, int side, int batch, cudaStream_t stream) {
  const int vectors = args.height * args.width * (args.out_stride / kVector);
  const dim3 grid((vectors + kDepthwiseThreads - 1) / kDepthwiseThreads, batch);
  return gpu_launch(depthwise_kernel, grid, dim3(kDepthwiseThreads), 0, stream, args, side);
}

}  // namespace glpose
