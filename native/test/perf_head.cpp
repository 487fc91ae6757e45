// How fast whole calls of the head are, transfers included.
#include <algorithm>
#include <chrono>

#include "backend/cpu.h"
#include "test/check.h"
#include "test/checks.h"
#include "test/head_fixture.h"

namespace glpose {
namespace {

struct NamedShape {
  const char* name;
  HeadShape shape;
};

HeadShape shape_of(int channels, int height, int width, int block_width, bool conditions = false) {
  HeadShape shape;
  shape.channels = channels;
  shape.height = height;
  shape.width = width;
  shape.block_width = block_width;
  shape.joints = 15;
  shape.k = 4;
  shape.n = 6;
  shape.enhancement = true;
  shape.conditions = conditions;
  shape.feature_mean.assign(channels, 0.5f);
  shape.feature_std.assign(channels, 2.f);
  return shape;
}

/// Seconds of the median call.
template <class Call>
double median_seconds(const Call& call, int calls) {
  std::vector<double> seconds;
  for (int i = 0; i < calls + 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    if (i >= 3) seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + calls / 2, seconds.end());
  return seconds[calls / 2];
}

void verify(const NamedShape& named, const std::string& device) {
  constexpr int kPeople = 2, kMaps = 9;
  Fixture cpu(make_cpu_backend(), named.shape, kMaps), other(select_backend(device), named.shape, kMaps);
  cpu.ingest();
  other.ingest();
  for (bool warped : {false, true})
    expect_close(other.estimate(kPeople, true, warped).heatmaps, cpu.estimate(kPeople, true, warped).heatmaps, 1e-5, 1,
                 std::string(named.name) + ", heat maps" + (warped ? " of other windows" : ""));
}

/// Whole calls, transfers included.
void perf_calls(const NamedShape& named, const std::string& device) {
  const bool gpu = device != "cpu";
  const int most = gpu ? 64 : 4, calls = gpu ? 30 : 5;
  const int gathered = 1 + named.shape.references();
  std::printf("\n%s, whole calls\n\n| call | ms | a second |\n| --- | --- | --- |\n", named.name);
  Fixture fixture(select_backend(device), named.shape, most * gathered);
  fixture.ingest();
  for (const bool warped : {false, true})
    for (int people = 1; people <= most; people *= 2) {
      const double seconds = median_seconds([&] { fixture.estimate(people, false, warped); }, calls);
      std::printf("| estimate, %d at once%s | %.3f | %.0f people |\n", people,
                  warped ? ", every reference resampled" : "", 1e3 * seconds, people / seconds);
    }
  GlposeHead head(named.shape, random_tensors(named.shape), select_backend(device));
  Random random(8);
  const size_t map = size_t(named.shape.channels) * named.shape.height * named.shape.width;
  for (const int maps : {1, 16}) {
    const std::vector<float> features = random.vector(maps * map);
    std::vector<float> embeddings(size_t(maps) * named.shape.channels);
    const double seconds = median_seconds([&] { head.ingest(features.data(), maps, embeddings.data()); }, calls);
    std::printf("| ingest, %d at once | %.3f | %.0f maps, %.1f GB |\n", maps, 1e3 * seconds, maps / seconds,
                maps * map * sizeof(float) / seconds / 1e9);
  }
}

}  // namespace

void perf_head(const std::string& device) {
  const std::vector<NamedShape> shapes = {{"the paper's head", shape_of(48, 96, 72, 48)},
                                          {"the default bundle's head", shape_of(31, 64, 48, 32)},
                                          {"the default bundle's head with conditions", shape_of(31, 64, 48, 32, true)}};
  for (const NamedShape& named : shapes) {
    if (device != "cpu") verify(named, device);
    if (failures > 0) return;
    perf_calls(named, device);
  }
}

}  // namespace glpose
