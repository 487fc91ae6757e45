#pragma once
/*
 * From a line of cases.h to a kernel that can be launched: what the files in test/kernels/ share.
 */
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "kernels/for_this_cpu.h"
#include "test/cases.h"
#include "test/check.h"

namespace glpose {

struct Tolerance {
  double nmse;   // against float64
  double worst;  // of any element; values are of size 1
};
constexpr Tolerance kFloatTolerance = {1e-10, 1e-3}, kHalfTolerance = {1e-6, 1e-2};

/// A backend under test.
struct TestBackend {
  std::string name;  // as filters and reports have it: baseline, avx2, avx512, cuda
  std::unique_ptr<Backend> backend;
  Isa isa = widest_isa();  // of the kernels that run beside a backend
  Tolerance tolerance = kFloatTolerance;
  bool checked = true;  // false: only timed, and nothing is kept for the comparison

  bool gpu() const { return name == "cuda"; }
  /// Of an element of a map.
  double bytes_of_element() const { return gpu() ? 2 : 4; }
};

/// A case on a backend, its memory filled: can be launched any number of times.
class Prepared {
 public:
  virtual ~Prepared() = default;
  /// Queues the kernel.
  virtual void launch() = 0;
  /// After a launch: compares with the plain loops.
  /// @param what of the report: backend, kernel and case
  virtual void check(const std::string& what) = 0;
};

/// What a launch must do at least: operations of the definition; bytes, each map and weight read once or written once.
struct Work {
  double flop, bytes;
};

std::unique_ptr<Prepared> prepare(TestBackend& on, const IngestCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const WarpCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const ConditionsCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const ConvCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const Conv2dCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const LayerCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const LocateCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const DecodeCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const PeaksCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const PoseCase& test);
std::unique_ptr<Prepared> prepare(TestBackend& on, const CropCase& test);

Work work_of(const TestBackend& on, const IngestCase& test);
Work work_of(const TestBackend& on, const WarpCase& test);
Work work_of(const TestBackend& on, const ConditionsCase& test);
Work work_of(const TestBackend& on, const ConvCase& test);
Work work_of(const TestBackend& on, const Conv2dCase& test);
Work work_of(const TestBackend& on, const LayerCase& test);
Work work_of(const TestBackend& on, const LocateCase& test);
Work work_of(const TestBackend& on, const DecodeCase& test);
Work work_of(const TestBackend& on, const PeaksCase& test);
Work work_of(const TestBackend& on, const PoseCase& test);
Work work_of(const TestBackend& on, const CropCase& test);

/// Values that a half holds, so that rounding the input is no part of a GPU's error.
std::vector<float> halves(std::vector<float> values);

/// Maps of one kind, on the backend under test and as plain floats.
struct Maps {
  int channels, height, width;
  std::vector<Buffer> buffers;
  std::vector<std::vector<float>> plain;  // [h, w, channel_stride(C)]; only where the backend is checked
  std::vector<Map> host_table, plain_table;
  Buffer device_table;

  /// Filled with `planes` [count, C, h, w], or left as they come where that is empty.
  Maps(const TestBackend& on, int count, int channels, int height, int width, const std::vector<float>& planes = {});

  int count() const { return int(buffers.size()); }
  /// [count], as kernels take it
  const Map* table() const { return static_cast<const Map*>(device_table.data()); }
  /// The first `channels` channels of every map, those of its padding included, against the plain ones.
  /// @param step of all maps' pixels, only every step-th
  void expect(const TestBackend& on, int channels, const std::string& what, int step = 1) const;
};

/// Random maps that halves hold. Where they are only timed, all the same.
Maps random_maps(const TestBackend& on, Random& random, int count, int channels, int height, int width);

Buffer upload(const TestBackend& on, const void* data, size_t bytes);
template <class T>
Buffer upload(const TestBackend& on, const std::vector<T>& values) {
  return upload(on, values.data(), values.size() * sizeof(T));
}

}  // namespace glpose
