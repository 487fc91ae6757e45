/*
 * kernel-tests: one program that checks and times every kernel on every backend, over one table of cases (cases.h).
 *
 *   kernel-tests test [FILTER …]   every case against the plain loops, then what is no kernel; status 1 where a check failed
 *   kernel-tests perf [FILTER …]   how long cases of real maps take, beside what the device can do at most (Markdown)
 *   kernel-tests list              kernels, their cases, and the other checks
 *
 *   kernel=conv,decode   these only; also half, threads, plan, head, network (the head's), layered, device: what is
 *                        tested beside the kernels
 *   backend=avx2,cuda    these only, of baseline, avx2, avx512, neon, cuda; `cpu` for all of the CPU's
 *   case=TEXT            cases whose name holds the text
 *   people=N             so many at once instead of the table's number
 *   small                maps of a few tiles only
 *
 * `node native/kernels.js test …` builds and runs it: CUDA's kernels as C++ under the SIMT executor (simt/), which says
 * nothing of their speed; with --gpu by nvcc, on the device.
 *
 * To add a kernel X:
 *   1. native/kernels/X/: X.h (equation, shapes, aliasing, tolerance, arguments), reference.cpp (that as plain loops),
 *      X.cpp, X.cu, X.cuh. Files of wider instruction sets end in _avx2.cpp, _avx512.cpp and _neon.cpp. Builds find all by their names.
 *   2. A method in backend/backend.h, cpu.cpp and cuda.cu.
 *   3. Here: struct and lines in cases.h, with its loop in for_each_case and its for_people; kernels/X.cpp, which makes a
 *      line into a kernel that can be launched and checked; its two declarations in prepared.h.
 *   4. A fault or two that must be noticed in test/native/kernels.all.test.ts; its block's size in native/resources.js.
 */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "backend/error.h"
#include "backend/thread_pool.h"
#include "test/checks.h"
#include "test/prepared.h"

namespace glpose {
namespace {

#ifdef GLPOSE_SIMT
constexpr bool kExecutor = true;  // no GPU: the SIMT executor
#else
constexpr bool kExecutor = false;
#endif
constexpr int kSmallPixels = 200;
/// From either on a case is timed.
constexpr int kRealPixels = 3000;
constexpr double kRealFlop = 1e8;
/// The executor takes some seconds for so many: larger cases are left to a GPU.
constexpr double kMostExecutedFlop = 5e8;

struct Filters {
  std::string kernels, backends, text;
  int people = 0;
  bool small = false;

  /// @param list empty, or names with commas between
  static bool holds(const std::string& list, const std::string& name) {
    return list.empty() || ("," + list + ",").find("," + name + ",") != std::string::npos;
  }
  bool kernel(const std::string& name) const { return holds(kernels, name); }
  bool backend(const std::string& name) const {
    return holds(backends, name) || (name != "cuda" && holds(backends, "cpu"));
  }
  template <class Case>
  bool wants(const char* kernel_name, const Case& test) const {
    return kernel(kernel_name) && test.name.find(text) != std::string::npos &&
           (!small || test.height * test.width <= kSmallPixels);
  }
};

/// Backends that are asked for and here; says of the others why not.
std::vector<TestBackend> backends(const Filters& filters) {
  std::vector<TestBackend> found;
  for (const Isa isa : kIsas) {
    const char* name = kIsaNames[int(isa)];
    if (!filters.backend(name)) continue;
    try {
      found.push_back({name, make_cpu_backend(isa), isa});
    } catch (const Error& error) {
      std::printf("skipped %s: %s\n", name, error.what());
    }
  }
  if (!filters.backend("cuda")) return found;
  found.push_back({"cuda", make_cuda_backend(0), widest_isa(), kHalfTolerance});
  return found;
}

/// Also of the other sizes of tiles, which only maps of many blocks take.
TestBackend with_few_blocks() {
  CudaLimits limits;
  limits.many_blocks = 2;  // the cases of cases.h then meet every size, beside the default
  return {"cuda", make_cuda_backend(0, limits), widest_isa(), kHalfTolerance};
}

void test_kernels(TestBackend& on, const Filters& filters, const char* note = "") {
  int tested = 0, skipped = 0;
  for_each_case([&](const char* kernel, const auto& line) {
    using Case = std::decay_t<decltype(line)>;
    if (!filters.wants(kernel, line)) return;
    const Case test = filters.people ? for_people(line, filters.people) : line;
    if (on.gpu() && kExecutor && work_of(on, test).flop > kMostExecutedFlop) {
      ++skipped;
      return;
    }
    const std::unique_ptr<Prepared> prepared = prepare(on, test);
    prepared->launch();
    on.backend->synchronize();
    prepared->check(on.name + " " + kernel + ", " + test.name);
    ++tested;
  });
  std::printf("%s%s: %d cases\n", on.name.c_str(), note, tested);
  if (skipped > 0) std::printf("skipped %d large cases of %s: only on a GPU\n", skipped, on.name.c_str());
}

void test(const Filters& filters) {
  ThreadPool::instance().resize(3);
  for (TestBackend& on : backends(filters)) test_kernels(on, filters);
  if (filters.backend("cuda")) {
    TestBackend on = with_few_blocks();
    Filters small = filters;
    small.small = true;
    test_kernels(on, small, " with larger tiles");
  }
  const bool cpu = filters.backend(kIsaNames[int(widest_isa())]), cuda = filters.backend("cuda");
  if (cpu && filters.kernel("half")) check_half();
  if (cpu && filters.kernel("threads")) check_threads();
  if (cpu && filters.kernel("plan")) check_memory_plan();
  if (cpu && filters.kernel("head")) check_cpu_head();
  if (cuda && filters.kernel("network")) check_cuda_network();
  if (cuda && filters.kernel("layered")) check_cuda_layers();
#ifdef GLPOSE_SIMT
  if (cuda && filters.kernel("device")) check_cuda_device();
#endif
}

/// Seconds of a launch: the median of several rounds, each of as many launches as take a few milliseconds.
double seconds_of(TestBackend& on, Prepared& prepared) {
  using Clock = std::chrono::steady_clock;
  const auto round = [&](int launches) {
    on.backend->synchronize();
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < launches; ++i) prepared.launch();
    on.backend->synchronize();
    return std::chrono::duration<double>(Clock::now() - start).count() / launches;
  };
  round(3);  // warms up
  const int launches = std::clamp(int(0.005 / round(1)), 1, 100);
  std::vector<double> seconds;
  for (int i = 0; i < 11; ++i) seconds.push_back(round(launches));
  std::nth_element(seconds.begin(), seconds.begin() + 5, seconds.end());
  return seconds[5];
}

void perf_kernels(TestBackend& on, const Filters& filters, const Ceilings& ceilings) {
  std::printf("\n| %s | case | µs | GFLOP/s | GB/s | floor, µs | bound by | share of its ceiling |\n", on.name.c_str());
  std::printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  on.checked = false;
  for_each_case([&](const char* kernel, const auto& line) {
    using Case = std::decay_t<decltype(line)>;
    if (!filters.wants(kernel, line)) return;
    const bool real = line.height * line.width >= kRealPixels || work_of(on, line).flop >= kRealFlop;
    if (filters.text.empty() && !real) return;
    const Case test = filters.people ? for_people(line, filters.people) : line;
    const std::unique_ptr<Prepared> prepared = prepare(on, test);
    const double seconds = seconds_of(on, *prepared);
    const Work work = work_of(on, test);
    const double multiplying = work.flop / (ceilings.gflops * 1e9), moving = work.bytes / (ceilings.copy_gb_per_s * 1e9);
    const double floor = std::max(multiplying, moving);
    std::printf("| %s | %s | %.1f | %.1f | %.1f | %.1f | %s | %.0f %% |\n", kernel, test.name.c_str(), 1e6 * seconds,
                work.flop / seconds / 1e9, work.bytes / seconds / 1e9, 1e6 * floor,
                multiplying > moving ? "multiplying" : "memory", 100 * floor / seconds);
  });
}

/// A 3×3 convolution by Winograd carries out a quarter of the multiplications: its share may be above 100 %.
void perf(const Filters& filters) {
  for (TestBackend& on : backends(filters)) {
    if (on.gpu() && kExecutor) {
      std::printf("skipped cuda: the executor's times mean nothing\n");
      continue;
    }
    const std::string device = on.backend->name();
    const Ceilings ceilings = measure_ceilings(device);
    std::printf("\n%s (%s): %.0f GFLOP/s, %.0f GB/s copied, %d threads\n", on.name.c_str(),
                on.gpu() ? cuda_info().devices.at(0).name.c_str() : "this processor", ceilings.gflops,
                ceilings.copy_gb_per_s, ThreadPool::instance().size());
    perf_kernels(on, filters, ceilings);
    if (filters.kernel("head") && (on.gpu() || on.isa == widest_isa())) perf_head(device);
  }
}

void list() {
  for_each_case([](const char* kernel, const auto& test) {
    std::printf("%s: %s (%d×%d)\n", kernel, test.name.c_str(), test.height, test.width);
  });
  for (const char* check : {"half", "threads", "plan", "head", "network", "layered", "device"}) std::printf("%s\n", check);
}

int usage() {
  std::fprintf(stderr, "usage: kernel-tests test|perf|list [kernel=A,B] [backend=A,B] [case=TEXT] [people=N] [small]\n");
  return 2;
}

int run(int argc, char** argv) {
  Filters filters;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i], value = argument.substr(std::min(argument.size(), argument.find('=') + 1));
    if (argument == "small") filters.small = true;
    else if (argument.rfind("kernel=", 0) == 0) filters.kernels = value;
    else if (argument.rfind("backend=", 0) == 0) filters.backends = value;
    else if (argument.rfind("case=", 0) == 0) filters.text = value;
    else if (argument.rfind("people=", 0) == 0) filters.people = std::atoi(value.c_str());
    else return usage();
  }
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "list") return list(), 0;
  if (mode != "test" && mode != "perf") return usage();
  (mode == "test" ? test : perf)(filters);
  std::printf("%d failures\n", failures);
  return failures > 0 ? 1 : 0;
}

}  // namespace
}  // namespace glpose

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // nothing is lost where a fault ends the process
  try {
    return glpose::run(argc, argv);
  } catch (const glpose::Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code(), error.what());
    return std::strcmp(error.code(), "DEVICE") == 0 ? 3 : 1;
  }
}
