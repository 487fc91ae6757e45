// The whole network on the CPU as the addon uses it: several threads at once, a pool that changes its size.
#include <atomic>
#include <thread>

#include "backend/cpu.h"
#include "backend/thread_pool.h"
#include "test/checks.h"
#include "test/head_fixture.h"

namespace glpose {
namespace {

bool same(const Result& a, const Result& b) {
  return a.joints == b.joints && a.heatmaps == b.heatmaps && a.masks == b.masks;
}

/// Calls of several threads take turns; what they compute does not depend on who comes when or on the pool's size.
void check_concurrent() {
  const HeadShape shape = small_shape(true);
  Fixture alone(make_cpu_backend(), shape);
  alone.ingest();
  const Result plain = alone.estimate(3, true), warped = alone.estimate(3, true, true);

  Fixture shared(make_cpu_backend(), shape), other(make_cpu_backend(), shape);
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

void check_cpu_head() { check_concurrent(); }

}  // namespace glpose
