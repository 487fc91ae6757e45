/*
 * conv on a GPU (see conv.h): an implicit matrix product on tensor cores, halves in, floats summed.
 *
 *   M = output pixels   N = output channels   K = input channels × taps
 *
 * A block makes 8 rows × 16 columns of pixels and up to 48 channels. It walks the input in chunks of 16 channels of one
 * source map: the chunk's patch (with its border, weighted as it is read: Eq. 4) and its weights go to shared memory, then
 * each of the four warps multiplies two rows of 16 pixels for every tap. A shifted tap is only another address in the
 * patch, so nothing is unfolded.
 *
 * Index names: m row of the warp (0, 1)   n tile of 8 output channels   group = lane / 4, t = lane % 4 as in gpu.h
 */
#include "kernels/conv.cuh"

namespace glpose {
namespace {

constexpr int kRows = 8, kColumns = 16, kWarps = 4, kThreads = kWarps * 32;
constexpr int kRowsOfWarp = kRows / kWarps;
constexpr int kChunk = 16;  // channels: the depth of one tensor-core step
// A patch pixel takes 24 halves, not 16: eight pixels four lanes each then hit 32 different banks.
constexpr int kPixelStride = 24;
constexpr int kVector = 8;  // halves of a 16-byte load

struct alignas(16) HalfVector {
  Half value[kVector];
};
/// A lane's part of B for one tile and one step.
struct alignas(8) WeightFragment {
  Half value[4];
};

/// The patch of one chunk, rows [y0, y0 + patch_height): zero outside the map.
template <int kPatchWidth, int kPatchHeight>
__device__ void load_patch(HalfVector* patch, const ConvGpuArgs& a, const ConvChunk& chunk, int person, int y0,
                           int x0) {
  const Half* map = a.sources[person * a.source_count + chunk.source] + chunk.channel;
  const float* scale =
      a.scales ? a.scales + (person * a.source_count + chunk.source) * chunk.stride + chunk.channel : nullptr;
  constexpr int kVectors = kChunk / kVector;
  for (int i = threadIdx.x; i < kPatchWidth * kPatchHeight * kVectors; i += kThreads) {
    const int pixel = i / kVectors, first = i % kVectors * kVector;
    const int y = y0 + pixel / kPatchWidth, x = x0 + pixel % kPatchWidth;
    HalfVector vector{};
    if (y >= 0 && y < a.height && x >= 0 && x < a.width) {
      vector = *reinterpret_cast<const HalfVector*>(map + (size_t(y) * a.width + x) * chunk.stride + first);
      if (scale)
        for (int j = 0; j < kVector; ++j) vector.value[j] = to_half(to_float(vector.value[j]) * scale[first + j]);
    }
    patch[(pixel * kPixelStride + first) / kVector] = vector;
  }
}

/// bias, residual, activation and store of one pixel's channels o and o + 1.
__device__ void epilogue(const ConvGpuArgs& a, int person, size_t pixel, int o, float even, float odd) {
  const size_t at = pixel * a.out_stride + o;
  float x[2] = {even + a.bias[o], odd + a.bias[o + 1]};
  for (int i = 0; i < 2; ++i) {
    if (a.residual) x[i] += to_float(a.residual[person][at + i]);
    if (a.activation == Activation::relu) x[i] = fmaxf(x[i], 0.f);
    if (a.activation == Activation::mask) {
      const float mask = 1.f / (1.f + expf(x[i]));
      if (a.mask) a.mask[person][at + i] = to_half(mask);
      x[i] = mask * to_float(a.gated[person][at + i]);
    }
    a.out[person][at + i] = to_half(x[i]);
  }
}

/// (The bounds are those under which no architecture spills: see native/resources.js.)
/// Grid: (tiles of pixels, groups of kTiles · 8 output channels, people). Block: 128 threads.
template <int kSide, int kTiles>
__global__ void __launch_bounds__(kThreads, kSide == 1 ? 4 : 1) conv_kernel(ConvGpuArgs a) {
  constexpr int kPad = kSide / 2, kTaps = kSide * kSide;
  constexpr int kPatchWidth = kColumns + 2 * kPad, kPatchHeight = kRows + 2 * kPad;
  using Patch = HalfVector[kPatchWidth * kPatchHeight * kPixelStride / kVector];
  using Weights = WeightFragment[kTaps * kTiles * 32];
  GPU_SHARED(Patch, patch);
  GPU_SHARED(Weights, weights);

  const int tiles_across = (a.width + kColumns - 1) / kColumns;
  const int y0 = blockIdx.x / tiles_across * kRows, x0 = blockIdx.x % tiles_across * kColumns;
  const int person = blockIdx.z;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, t = lane % 4;
  float sums[kRowsOfWarp][kTiles][4] = {};

  for (int c = 0; c < a.chunk_count; ++c) {
    if (c > 0) __syncthreads();  // until the last chunk has been used
    load_patch<kPatchWidth, kPatchHeight>(patch, a, a.chunks[c], person, y0 - kPad, x0 - kPad);
    const WeightFragment* from = reinterpret_cast<const WeightFragment*>(a.weights) +
                                 (size_t(c) * gridDim.y + blockIdx.y) * kTaps * kTiles * 32;
    for (int i = threadIdx.x; i < kTaps * kTiles * 32; i += kThreads) weights[i] = from[i];
    __syncthreads();

    for (int tap = 0; tap < kTaps; ++tap) {
      uint32_t b[kTiles][2];
      GPU_UNROLL
      for (int n = 0; n < kTiles; ++n) {
        const Half* fragment = weights[(tap * kTiles + n) * 32 + lane].value;
        b[n][0] = pair_of(fragment);
        b[n][1] = pair_of(fragment + 2);
      }
      GPU_UNROLL
      for (int m = 0; m < kRowsOfWarp; ++m) {
        const int row = warp * kRowsOfWarp + m + tap / kSide;
        const int first = row * kPatchWidth + tap % kSide + group;
        const Half* pixels = reinterpret_cast<const Half*>(patch) + first * kPixelStride + 2 * t;
        const uint32_t fragment[4] = {pair_of(pixels), pair_of(pixels + 8 * kPixelStride), pair_of(pixels + 8),
                                      pair_of(pixels + 8 * kPixelStride + 8)};
        tensor_core_multiply<kTiles>(sums[m], fragment, b);
      }
    }
  }

  // Unrolled, or the sums would have to leave the registers to be indexed.
  GPU_UNROLL
  for (int m = 0; m < kRowsOfWarp; ++m) {
    GPU_UNROLL
    for (int n = 0; n < kTiles; ++n) {
      GPU_UNROLL
      for (int right = 0; right < 2; ++right) {
        const int y = y0 + warp * kRowsOfWarp + m, x = x0 + group + 8 * right;
        if (y >= a.height || x >= a.width) continue;
        const int o = (blockIdx.y * kTiles + n) * 8 + 2 * t;
        epilogue(a, person, size_t(y) * a.width + x, o, sums[m][n][2 * right], sums[m][n][2 * right + 1]);
      }
    }
  }
}

template <int kSide, int kTiles>
cudaError_t launch(const ConvGpuArgs& args, int batch, cudaStream_t stream) {
  const int across = (args.width + kColumns - 1) / kColumns, down = (args.height + kRows - 1) / kRows;
  return gpu_launch(conv_kernel<kSide, kTiles>, dim3(across * down, args.out_stride / (8 * kTiles), batch),
                    dim3(kThreads), stream, args);
}

template <int kSide>
cudaError_t launch(const ConvGpuArgs& args, int batch, cudaStream_t stream) {
  switch (conv_tiles(kSide, args.out_stride)) {
    case 6: return launch<kSide, kSide == 5 ? 4 : 6>(args, batch, stream);
    case 4: return launch<kSide, 4>(args, batch, stream);
    default: return launch<kSide, 2>(args, batch, stream);
  }
}

}  // namespace

int conv_tiles(int side, int out_stride) {
  const int tiles = out_stride / 8;
  if (tiles % 6 == 0 && side != 5) return 6;
  return tiles % 4 == 0 ? 4 : 2;
}

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
  const int tiles = conv_tiles(w.kernel, out_stride);
  std::vector<Half> packed;
  packed.reserve(size_t(area) * out_stride * channel_stride(total));
  int first = 0;  // input channel of the source
  for (int channels : w.in_channels) {
    for (int chunk = 0; chunk < channels; chunk += kChunk)
      for (int column0 = 0; column0 < out_stride; column0 += tiles * 8)
        for (int tap = 0; tap < area; ++tap)
          for (int n = 0; n < tiles; ++n)
            for (int lane = 0; lane < 32; ++lane)
              for (int j = 0; j < 4; ++j) {
                const int i = chunk + lane % 4 * 2 + j % 2 + j / 2 * 8, o = column0 + n * 8 + lane / 4;
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
