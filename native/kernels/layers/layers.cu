/*
 * What networks do beside convolutions on a GPU (see layers.h): one thread eight channels of an output pixel, which one store writes;
 * neighbouring threads are neighbouring channels, so that whole lines are read and written. Bound by memory: each map is read once
 * and written once. (`load`, `unload` and `concat`, of which one side lies otherwise, say so below.)
 */
#include "kernels/layers/layers.cuh"

namespace glpose {
namespace {

constexpr int kThreads = 256, kVector = kHalvesOfVector;

/// A thread's eight channels of an output pixel. Grid: (groups of 256 vectors of a map, images). Block: 256 threads.
struct Place {
  int image, c, x, y;
  size_t pixel, vector;  // of the map
};

/// Whether the thread has work.
__device__ inline bool place_of_thread(int channels, int height, int width, Place& place) {
  const int vectors = channel_stride(channels) / kVector, element = blockIdx.x * kThreads + threadIdx.x;
  if (element >= height * width * vectors) return false;
  const int pixel = element / vectors;
  place = {int(blockIdx.y), element % vectors * kVector, pixel % width, pixel / width, size_t(pixel), size_t(element)};
  return true;
}

dim3 grid_of(int channels, int height, int width, int batch) {
  return {unsigned((height * width * (channel_stride(channels) / kVector) + kThreads - 1) / kThreads), unsigned(batch)};
}

__device__ inline HalfVector vector_at(const Half* map, size_t pixel, int channels, int c) {
  return reinterpret_cast<const HalfVector*>(map)[(pixel * channel_stride(channels) + c) / kVector];
}

/// Neighbouring threads are neighbouring pixels: planes are read in whole lines.
__global__ void __launch_bounds__(kThreads) load_kernel(LoadGpuArgs a) {
  const int pixels = a.size.height * a.size.width, vectors = channel_stride(a.size.channels) / kVector;
  const int element = blockIdx.x * kThreads + threadIdx.x, image = blockIdx.y;
  if (element >= pixels * vectors) return;
  const int pixel = element % pixels, c = element / pixels * kVector;
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) {
    const size_t plane = size_t(image) * a.size.channels + c + i;
    out.value[i] = to_half(c + i < a.size.channels ? a.planes[plane * pixels + pixel] : 0.f);
  }
  reinterpret_cast<HalfVector*>(a.out[image])[size_t(pixel) * vectors + c / kVector] = out;
}

/// Neighbouring threads are neighbouring pixels, as in load: planes are written in whole lines.
__global__ void __launch_bounds__(kThreads) unload_kernel(UnloadGpuArgs a) {
  const int pixels = a.size.height * a.size.width, vectors = channel_stride(a.size.channels) / kVector;
  const int element = blockIdx.x * kThreads + threadIdx.x, image = blockIdx.y;
  if (element >= pixels * vectors) return;
  const int pixel = element % pixels, c = element / pixels * kVector;
  const HalfVector from = vector_at(a.source[image], pixel, a.size.channels, c);
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i)
    if (c + i < a.size.channels)
      a.planes[(size_t(image) * a.size.channels + c + i) * pixels + pixel] = to_float(from.value[i]);
}

__global__ void __launch_bounds__(kThreads) sum_kernel(SumGpuArgs a) {
  Place p;
  if (!place_of_thread(a.size.channels, a.size.height, a.size.width, p)) return;
  float sum[kVector] = {};
  for (int t = 0; t < a.count; ++t) {
    const int factor = a.terms[t].factor;
    const size_t from = size_t(p.y / factor) * (a.size.width / factor) + p.x / factor;
    const HalfVector term = vector_at(a.terms[t].map[p.image], from, a.size.channels, p.c);
    GPU_UNROLL
    for (int i = 0; i < kVector; ++i) sum[i] += to_float(term.value[i]);
  }
  reinterpret_cast<HalfVector*>(a.out[p.image])[p.vector] = finished(a.end, sum, p.c, a.size.channels);
}

__global__ void __launch_bounds__(kThreads) product_kernel(ProductGpuArgs a) {
  Place p;
  if (!place_of_thread(a.size.channels, a.size.height, a.size.width, p)) return;
  const HalfVector left = vector_at(a.a[p.image], p.pixel, a.size.channels, p.c);
  const HalfVector right = vector_at(a.b[p.image], p.pixel, a.size.channels, p.c);
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) out.value[i] = to_half(to_float(left.value[i]) * to_float(right.value[i]));
  reinterpret_cast<HalfVector*>(a.out[p.image])[p.vector] = out;
}

/// One thread a channel of a pixel: a source's channels may begin anywhere. Grid: (groups of 256 channels of pixels, images).
__global__ void __launch_bounds__(kThreads) concat_kernel(ConcatGpuArgs a) {
  const size_t element = size_t(blockIdx.x) * kThreads + threadIdx.x;
  const int image = blockIdx.y, c = int(element % a.written);
  const size_t pixel = element / a.written;
  if (pixel >= size_t(a.pixels)) return;
  const Half value = c < a.channels ? a.source[image][pixel * channel_stride(a.channels) + c] : Half{0};
  a.out[image][pixel * a.out_stride + a.first + c] = value;
}

__global__ void __launch_bounds__(kThreads) resize_kernel(ResizeGpuArgs a) {
  Place p;
  if (!place_of_thread(a.in.channels, a.height, a.width, p)) return;
  const AxisTap y = a.rows[p.y], x = a.columns[p.x];
  const Half* source = a.source[p.image];
  const auto at = [&](int row, int column) {
    return vector_at(source, size_t(row) * a.in.width + column, a.in.channels, p.c);
  };
  const HalfVector cells[4] = {at(y.first, x.first), at(y.first, x.second), at(y.second, x.first), at(y.second, x.second)};
  const float w11 = x.weight * y.weight, w10 = y.weight - w11, w01 = x.weight - w11;
  const float weights[4] = {1 - x.weight - w10, w01, w10, w11};
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) {
    float sum = 0;
    GPU_UNROLL
    for (int cell = 0; cell < 4; ++cell) sum += weights[cell] * to_float(cells[cell].value[i]);
    out.value[i] = to_half(sum);
  }
  reinterpret_cast<HalfVector*>(a.out[p.image])[p.vector] = out;
}

__global__ void __launch_bounds__(kThreads) pool_kernel(PoolGpuArgs a) {
  Place p;
  if (!place_of_thread(a.in.channels, a.height, a.width, p)) return;
  const int top = p.y * a.stride - a.pad_top, left = p.x * a.stride - a.pad_left;
  const int y0 = top < 0 ? 0 : top, x0 = left < 0 ? 0 : left;
  const int y1 = top + a.kernel_height < a.in.height ? top + a.kernel_height : a.in.height;
  const int x1 = left + a.kernel_width < a.in.width ? left + a.kernel_width : a.in.width;
  float kept[kVector];
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) kept[i] = a.max && p.c + i < a.in.channels ? -INFINITY : 0.f;
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) {
      const HalfVector value = vector_at(a.source[p.image], size_t(y) * a.in.width + x, a.in.channels, p.c);
      GPU_UNROLL
      for (int i = 0; i < kVector; ++i) {
        const float next = to_float(value.value[i]);
        kept[i] = !a.max ? kept[i] + next : next > kept[i] ? next : kept[i];
      }
    }
  const float share = a.max ? 1.f : 1.f / float((y1 - y0) * (x1 - x0));
  HalfVector out;
  GPU_UNROLL
  for (int i = 0; i < kVector; ++i) out.value[i] = to_half(kept[i] * share);
  reinterpret_cast<HalfVector*>(a.out[p.image])[p.vector] = out;
}

}  // namespace

cudaError_t load_gpu(const LoadGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.size.channels, args.size.height, args.size.width, batch);
  return gpu_launch(load_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t unload_gpu(const UnloadGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.size.channels, args.size.height, args.size.width, batch);
  return gpu_launch(unload_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t sum_gpu(const SumGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.size.channels, args.size.height, args.size.width, batch);
  return gpu_launch(sum_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t product_gpu(const ProductGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.size.channels, args.size.height, args.size.width, batch);
  return gpu_launch(product_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t concat_gpu(const ConcatGpuArgs& args, int batch, cudaStream_t stream) {
  const size_t elements = size_t(args.pixels) * args.written;
  const dim3 grid(unsigned((elements + kThreads - 1) / kThreads), batch);
  return gpu_launch(concat_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t resize_gpu(const ResizeGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.in.channels, args.height, args.width, batch);
  return gpu_launch(resize_kernel, grid, dim3(kThreads), 0, stream, args);
}
cudaError_t pool_gpu(const PoolGpuArgs& args, int batch, cudaStream_t stream) {
  const dim3 grid = grid_of(args.in.channels, args.height, args.width, batch);
  return gpu_launch(pool_kernel, grid, dim3(kThreads), 0, stream, args);
}

}  // namespace glpose
