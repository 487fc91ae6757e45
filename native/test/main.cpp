// native-tests: the kernels of every backend that this machine can run, CUDA's under the SIMT executor.
// Arguments: parts to run (half, threads, plan, cpu, head, cuda, backend), and `small` for maps of a few tiles only.
// Exit status 1 where a check failed.
#include <algorithm>
#include <cstring>
#include <thread>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "backend/error.h"
#include "backend/thread_pool.h"
#include "kernels/half.h"
#include "test/check.h"
#include "test/conformance.h"

namespace glpose {
namespace {

/// Every half to a float and back; and what lies between two halves goes to the nearer, ties to even.
void check_half() {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float value = to_float({uint16_t(bits)}), next = to_float({uint16_t(bits + 1)});
    expect(to_half(value).bits == bits && to_half(-value).bits == (bits | 0x8000), "half " + std::to_string(bits));
    expect(next > value, "halves grow at " + std::to_string(bits));
    if (bits + 1 == 0x7c00) break;  // infinity
    const float middle = value + (next - value) / 2;
    expect(to_half(middle).bits == bits + (bits & 1), "a tie after half " + std::to_string(bits));
    expect(to_half(std::nextafter(middle, 1e9f)).bits == bits + 1, "above a tie after half " + std::to_string(bits));
    expect(to_half(std::nextafter(middle, -1.f)).bits == bits, "below a tie after half " + std::to_string(bits));
  }
  expect(to_float({0x3c00}) == 1 && to_float({0x0001}) == 0x1p-24f && to_float({0x7bff}) == 65504, "named halves");
  expect(to_half(65520).bits == 0x7c00 && to_half(1e30f).bits == 0x7c00, "overflow");
  expect(to_half(-INFINITY).bits == 0xfc00, "minus infinity");
  expect(std::isnan(to_float(to_half(NAN))) && std::isinf(to_float({0xfc00})), "NaN and infinity");
}

void check_threads() {
  ThreadPool& pool = ThreadPool::instance();
  for (int threads : {1, 2, 5}) {
    pool.resize(threads);
    std::vector<int> done(1000);
    pool.run(int(done.size()), [&](int task, int worker) {
      expect(worker >= 0 && worker < threads, "worker index");
      ++done[task];
    });
    for (int count : done) expect(count == 1, "every task once");
    pool.run(100, [&](int, int worker) { expect(worker < 1, "no more workers than asked for"); }, 1);
    bool thrown = false;
    try {
      pool.run(100, [](int task, int) {
        if (task == 37) throw Error("INTERNAL", "task 37");
      });
    } catch (const Error& error) {
      thrown = std::strcmp(error.what(), "task 37") == 0;
    }
    expect(thrown, "an exception of a task comes out of run");

    // Short runs of two callers in turn: threads that wake late for one run meet the next.
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 2; ++caller)
      callers.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          std::vector<int> counts(3);
          pool.run(3, [&](int task, int) { ++counts[task]; });
          for (int count : counts)
            if (count != 1) expect(false, "every task once in short runs");
        }
      });
    for (std::thread& caller : callers) caller.join();
  }
}

void check_cpu(int max_pixels) {
  for (const char* isa : {"baseline", "avx2", "avx512"}) {
    std::unique_ptr<Backend> backend;
    try {
      backend = make_cpu_backend(isa);
    } catch (const Error& error) {
      std::printf("skipped %s: %s\n", isa, error.what());
      continue;
    }
    ThreadPool::instance().resize(3);
    check_kernels(*backend, kFloatTolerance, max_pixels);
  }
}

void check_cuda(int max_pixels) {
  CudaLimits few_blocks;
  few_blocks.many_blocks = kFewBlocks;
  check_kernels(*make_cuda_backend(0), kHalfTolerance, max_pixels);
  check_kernels(*make_cuda_backend(0, few_blocks), kHalfTolerance, std::min(max_pixels, 200));
}

}  // namespace
}  // namespace glpose

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // nothing is lost where a fault ends the process
  const auto wanted = [&](const char* part) {
    for (int i = 1; i < argc; ++i)
      if (std::strcmp(argv[i], part) == 0) return true;
    return false;
  };
  const int max_pixels = wanted("small") ? 200 : 1 << 20;
  if (wanted("half")) glpose::check_half();
  if (wanted("threads")) glpose::check_threads();
  if (wanted("cpu")) glpose::check_cpu(max_pixels);
  if (wanted("plan")) glpose::check_memory_plan();
  if (wanted("head")) glpose::check_cpu_head();
  if (wanted("cuda")) glpose::check_cuda(max_pixels);
  if (wanted("backend")) glpose::check_cuda_backend();
  std::printf("%d failures\n", failures);
  return failures ? 1 : 0;
}
