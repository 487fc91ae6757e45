// How fast the kernels and the whole head are on a GPU, beside what that GPU can do at most, measured in the same run.
#include "test/gpu/bench.h"

#include <algorithm>
#include <chrono>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "test/check.h"
#include "test/gpu/timed_backend.h"
#include "test/head_fixture.h"

namespace glpose {
namespace {

struct NamedShape {
  const char* name;
  HeadShape shape;
};

HeadShape shape_of(int channels, int height, int width, int block_width) {
  HeadShape shape;
  shape.channels = channels;
  shape.height = height;
  shape.width = width;
  shape.block_width = block_width;
  shape.joints = 15;
  shape.k = 4;
  shape.n = 6;
  shape.enhancement = true;
  shape.feature_mean.assign(channels, 0.5f);
  shape.feature_std.assign(channels, 2.f);
  return shape;
}

/// Seconds of the median call.
template <class Call>
double median_seconds(const Call& call, int calls = 30) {
  std::vector<double> seconds;
  for (int i = 0; i < calls + 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    if (i >= 3) seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + calls / 2, seconds.end());
  return seconds[calls / 2];
}

void verify(const NamedShape& named) {
  constexpr int kPeople = 2, kMaps = 9;
  Fixture cpu(make_cpu_backend(), named.shape, kMaps), cuda(make_cuda_backend(0), named.shape, kMaps);
  cpu.ingest();
  cuda.ingest();
  for (bool warped : {false, true})
    expect_close(cuda.estimate(kPeople, true, warped).heatmaps, cpu.estimate(kPeople, true, warped).heatmaps, 1e-5, 1,
                 std::string(named.name) + ", heat maps" + (warped ? " of other windows" : ""));
}

/// Each kernel in a pass of `people`, and the share of its time that its floor is.
void bench_kernels(const NamedShape& named, int people, const Ceilings& ceilings) {
  auto backend = std::make_unique<TimedBackend>(make_cuda_backend(0));
  TimedBackend& timed = *backend;
  Fixture fixture(std::move(backend), named.shape, people * (1 + named.shape.references()));
  fixture.ingest();
  fixture.estimate(people, false, true);
  std::vector<KernelTime> times;
  timed.times = &times;
  fixture.estimate(people, false, true);

  std::printf("\n%s, %d %s at once, a person's share\n\n", named.name, people, people == 1 ? "person" : "people");
  std::printf("| kernel | µs | floor, µs | bound by | share of its ceiling |\n| --- | --- | --- | --- | --- |\n");
  double whole = 0, floors = 0;
  for (const KernelTime& time : times) {
    const double multiplying = time.flop / (ceilings.gflops * 1e9), moving = time.bytes / (ceilings.copy_gb_per_s * 1e9);
    const double floor = std::max(multiplying, moving);
    std::printf("| %s | %.2f | %.2f | %s | %.0f %% |\n", time.name.c_str(), 1e6 * time.seconds / people,
                1e6 * floor / people, multiplying > moving ? "multiplying" : "memory", 100 * floor / time.seconds);
    whole += time.seconds;
    floors += floor;
  }
  std::printf("| **sum** | %.2f | %.2f | | %.0f %% |\n", 1e6 * whole / people, 1e6 * floors / people,
              100 * floors / whole);
}

/// Whole calls, transfers included.
void bench_whole(const NamedShape& named) {
  constexpr int kMost = 64;
  const int gathered = 1 + named.shape.references();
  std::printf("\n%s, whole calls\n\n| call | ms | a second |\n| --- | --- | --- |\n", named.name);
  Fixture fixture(make_cuda_backend(0), named.shape, kMost * gathered);
  fixture.ingest();
  for (const bool warped : {false, true})
    for (const int people : {1, 2, 4, 8, 16, 32, kMost}) {
      const double seconds = median_seconds([&] { fixture.estimate(people, false, warped); });
      std::printf("| estimate, %d at once%s | %.3f | %.0f people |\n", people,
                  warped ? ", every reference resampled" : "", 1e3 * seconds, people / seconds);
    }
  GlposeHead head(named.shape, random_tensors(named.shape), make_cuda_backend(0));
  Random random(8);
  const size_t map = size_t(named.shape.channels) * named.shape.height * named.shape.width;
  for (const int maps : {1, 16}) {
    const std::vector<float> features = random.vector(maps * map);
    std::vector<float> embeddings(size_t(maps) * named.shape.channels);
    const double seconds = median_seconds([&] { head.ingest(features.data(), maps, embeddings.data()); });
    std::printf("| ingest, %d at once | %.3f | %.0f maps, %.1f GB |\n", maps, 1e3 * seconds, maps / seconds,
                maps * map * sizeof(float) / seconds / 1e9);
  }
}

}  // namespace

void bench_gpu() {
  const std::vector<NamedShape> shapes = {{"the paper's head", shape_of(48, 96, 72, 48)},
                                          {"the default bundle's head", shape_of(24, 64, 48, 32)}};
  const CudaDevice device = cuda_info().devices.at(0);
  const Ceilings ceilings = measure_cuda_ceilings(device.index);
  std::printf("%s (compute capability %s): %.0f TFLOP/s float16 on tensor cores by mma.sync, %.0f GB/s copied\n", device.name.c_str(),
              device.compute_capability.c_str(), ceilings.gflops / 1e3, ceilings.copy_gb_per_s);
  for (const NamedShape& named : shapes) {
    verify(named);
    if (failures > 0) return;
    for (const int people : {1, 32}) bench_kernels(named, people, ceilings);
    bench_whole(named);
  }
}

}  // namespace glpose
