// The whole network on the CPU as the addon uses it: several threads at once, a pool that changes its size; and crops, which are
// cut beside it.
#include <atomic>
#include <thread>

#include "backend/cpu.h"
#include "backend/error.h"
#include "backend/thread_pool.h"
#include "kernels/crop/crop.h"
#include "test/conformance.h"
#include "test/head_fixture.h"

namespace glpose {
namespace {

bool same(const Result& a, const Result& b) {
  return a.joints == b.joints && a.heatmaps == b.heatmaps && a.masks == b.masks;
}

/// Windows inside, at the border, far outside, huge and empty; against plain loops in double.
void check_crop() {
  Random random(7);
  constexpr int kImageWidth = 13, kImageHeight = 9, kWidth = 6, kHeight = 8;
  std::vector<uint8_t> image(kImageWidth * kImageHeight * 3);
  for (uint8_t& value : image) value = uint8_t(127 + 127 * random.next());
  const std::vector<double> windows = {6, 4, 5, 7, 0, 0, 6, 8, 12.5, 8.5, 20, 27, -1e300, 1e300, 3, 4, 6, 4, 1e300, 1e300,
                                       1e9, 4,  3, 4, 6, 4, 0, 0, 6, 4, -5, -7};
  const int count = int(windows.size() / 4);
  std::vector<float> out(size_t(count) * 3 * kWidth * kHeight, NAN);
  CropArgs args{image.data(), kImageWidth, kImageHeight, windows.data(), kWidth, kHeight, {1, 2, 3}, {1, 0.5f, 2}};
  ThreadPool::instance().run(count, [&](int n, int) {
    WindowCrop(args, n).run(out.data() + size_t(n) * 3 * kWidth * kHeight);
  });

  std::vector<float> wanted(out.size());
  for (int n = 0; n < count; ++n) crop_reference(args, n, wanted.data() + size_t(n) * 3 * kWidth * kHeight);
  expect_close(out, wanted, 1e-10, 1e-3, "crop");
}

/// Calls of several threads take turns; what they compute does not depend on who comes when or on the pool's size.
void check_concurrent() {
  Fixture alone(make_cpu_backend());
  alone.ingest();
  const Result plain = alone.estimate(3, true), warped = alone.estimate(3, true, true);

  Fixture shared(make_cpu_backend()), other(make_cpu_backend());
  shared.ingest();
  other.ingest();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      Fixture& head = t == 2 ? other : shared;
      for (int round = 0; round < 4; ++round) {
        const bool with_warp = (t + round) % 2 == 0;
        if (!same(head.estimate(3, true, with_warp), with_warp ? warped : plain)) ++wrong;
      }
    });
  threads.emplace_back([] {
    for (int size : {1, 4, 2, 3, 1, 2}) ThreadPool::instance().resize(size);
  });
  threads.emplace_back([&] {
    for (int round = 0; round < 4; ++round) Fixture(make_cpu_backend()).ingest();  // made and destroyed meanwhile
  });
  for (std::thread& thread : threads) thread.join();
  expect(wrong == 0, "estimates of several threads at once");
}

}  // namespace

void check_cpu_head() {
  check_crop();
  check_concurrent();
}

}  // namespace glpose
