// The CUDA backend under the SIMT executor: what it allocates and captures, and devices that fail.
#include <cstring>
#include <optional>
#include <thread>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "backend/error.h"
#include "test/check.h"
#include "test/checks.h"
#include "test/head_fixture.h"
#include "test/layered_fixture.h"
#include "test/simt/simt.h"

namespace glpose {
namespace {

/// The code of the error that `body` throws, with its text; empty where it throws none.
template <class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(error.code()) + ": " + error.what();
  }
  return "";
}

void expect_error(const std::string& error, const std::string& code, const std::string& part) {
  expect(error.rfind(code, 0) == 0 && error.find(part) != std::string::npos,
         "expected " + code + " with \"" + part + "\", received \"" + error + "\"");
}

/// The first pass runs, the second is captured as a graph, the third is replayed. (With maps and without: two kinds.)
void check_graphs() {
  Fixture cuda(make_cuda_backend(0));
  cuda.ingest();
  const int graphs = simt::counts().graphs;
  for (const int made : {0, 2, 2}) {
    cuda.estimate(3, true);
    cuda.estimate(3, false);
    expect(simt::counts().graphs == graphs + made, "every kind of pass is captured once, the second time");
  }
}

/// An image goes up with the first run and goes with its last owner.
void check_images() {
  LayeredFixture cuda(make_cuda_backend(0));
  auto windows = cuda.windows();
  cuda.run(windows);
  const int warm = simt::counts().allocations;
  const size_t uploaded = simt::counts().uploaded;
  for (int i = 0; i < 3; ++i) cuda.run(windows);
  expect(simt::counts().allocations == warm, "images are kept");
  expect(simt::counts().uploaded - uploaded < 3 * 31 * 23 * 3, "images go up once");
  const auto more = cuda.windows();
  cuda.run(more);
  expect(simt::counts().allocations == warm + 2, "new images while the old ones are there");
  windows = cuda.windows();
  cuda.run(windows);
  expect(simt::counts().allocations == warm + 2, "images take the memory of those that are gone");
  LayeredFixture other(make_cuda_backend(0));
  expect_error(error_of([&] { other.run(windows); }), "INTERNAL", "another device");
}

void check_steady_memory() {
  Fixture cuda(make_cuda_backend(0));
  cuda.ingest();
  cuda.estimate(2, false);
  const int before = simt::counts().allocations;
  for (int i = 0; i < 3; ++i) {
    cuda.ingest();
    cuda.estimate(2, false);
    cuda.estimate(1, false);
  }
  // One more set of maps: the old ones are given back after the new ones were made.
  expect(simt::counts().allocations <= before + 7, "memory is allocated after warm-up");
}

/// What idles in the pool is given back before memory is said to be out.
void check_idle_memory() {
  const std::unique_ptr<Backend> backend = make_cuda_backend(0);
  const size_t memory = simt::machine.memory;
  { const Buffer idle(*backend, 3 << 20); }
  simt::machine.memory = 1 << 20;
  expect(error_of([&] { const Buffer larger(*backend, 2 << 20); }).empty(), "idle memory is given back for another size");
  simt::machine.memory = memory;
}

/// A network that has not memory enough for all images takes them a few at a time.
void check_short_memory_of_layers() {
  LayeredFixture cuda(make_cuda_backend(0)), short_of(make_cuda_backend(0));
  const size_t memory = simt::machine.memory;
  const LayeredFixture::Results wanted = cuda.run(0, LayeredFixture::kImages);
  simt::machine.memory = 120 << 10;  // too little for five images, enough for one
  LayeredFixture::Results got;
  const std::string error = error_of([&] { got = short_of.run(0, LayeredFixture::kImages); });
  expect(error.empty() && got == wanted, "a network with little memory: " + error);
  simt::machine.memory = memory;
  // The same of windows, with an output that stays.
  LayeredFixture roomy(make_cuda_backend(0)), tight(make_cuda_backend(0));
  std::shared_ptr<KeptOutput> kept_here, kept_there;
  const LayeredFixture::Results all = roomy.run(roomy.windows(), 0, &kept_here);
  simt::machine.memory = 160 << 10;
  const LayeredFixture::Results some = tight.run(tight.windows(), 0, &kept_there);
  simt::machine.memory = memory;
  for (size_t output = 0; output + 1 < all.size(); ++output)
    expect(some[output] == all[output], "windows with little memory");
  const auto planes = [](const KeptOutput& kept) {
    const auto [channels, height, width] = kept.size;
    std::vector<float> floats(size_t(kept.count) * channels * height * width);
    kept.backend->download(floats.data(), kept.planes(), floats.size() * sizeof(float));
    return floats;
  };
  expect(planes(*kept_here) == planes(*kept_there), "an output that stays, with little memory");
  LayeredFixture none(make_cuda_backend(0));
  simt::machine.full = true;
  expect_error(error_of([&] { none.run(0, 1); }), "MEMORY", "out of memory");
  simt::machine.full = false;
}

/// Calls come from any thread, for any device.
void check_second_device() {
  simt::machine.devices = 2;
  {
    Fixture first(make_cuda_backend(0)), second(make_cuda_backend(1));
    first.ingest();
    second.ingest();
    const Result wanted = first.estimate(2, false);
    for (int pass = 0; pass < 3; ++pass) {
      Result got;
      std::string error;
      std::thread([&] { error = error_of([&] { got = second.estimate(2, false); }); }).join();
      expect(error.empty() && got.joints == wanted.joints, "a second device from a new thread: " + error);
    }
  }
  simt::machine.devices = 1;
}

void check_no_device() {
  const auto make = [](int index) {
    return error_of([=] { make_cuda_backend(index); });
  };
  simt::machine.devices = 0;
  simt::machine.count_error = cudaErrorNoDevice;
  expect_error(make(0), "DEVICE", "no CUDA-capable device");
  expect(cuda_info().problem.find("no CUDA-capable device") != std::string::npos, "info without a device");
  simt::machine.count_error = cudaErrorInsufficientDriver;
  expect_error(make(0), "DEVICE", "driver version is insufficient");
  simt::machine.count_error = cudaSuccess;
  expect_error(make(0), "DEVICE", "sees no device");
  simt::machine.devices = 1;
  expect_error(make(1), "DEVICE", "this machine has 1");
  simt::machine.major = 7;
  expect_error(make(0), "DEVICE", "compute capability 7.0");
  expect(cuda_info().devices.empty() && cuda_info().problem.find("7.5") != std::string::npos, "info of an old device");
  simt::machine.major = 8;
  expect(cuda_info().devices.size() == 1 && cuda_info().problem.empty(), "info of a device");
}

void check_out_of_memory() {
  Fixture roomy(make_cuda_backend(0)), tight(make_cuda_backend(0)), hopeless(make_cuda_backend(0));
  for (Fixture* fixture : {&roomy, &tight, &hopeless}) fixture->ingest();
  const Result wanted = roomy.estimate(4, true);
  const size_t memory = simt::machine.memory;
  simt::machine.memory = 12 << 10;  // too little for the scratch of 4 people, enough for fewer
  const int launches = simt::counts().launches;
  expect(tight.estimate(4, true).heatmaps == wanted.heatmaps, "a batch in smaller passes gives the same");
  expect(simt::counts().launches - launches > 13, "a batch out of memory runs in several passes");
  simt::machine.full = true;
  expect_error(error_of([&] { hopeless.estimate(4, false); }), "MEMORY", "cuda:0 is out of memory");
  simt::machine.full = false;
  simt::machine.memory = memory;
  expect(error_of([&] { hopeless.estimate(4, false); }).empty(), "work goes on when there is memory again");
}

void check_lost_device() {
  {
    Fixture cuda(make_cuda_backend(0));
    cuda.ingest();
    simt::machine.lost_after_launches = 5;
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "unspecified launch failure");
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "cuda:0 failed");
    expect_error(error_of([&] { cuda.ingest(); }), "DEVICE", "cuda:0 failed");
  }  // destroyed without a crash
  simt::machine.lost_after_launches = -1;
  {
    Fixture cuda(make_cuda_backend(0));
    cuda.ingest();
    for (int i = 0; i < 2; ++i) cuda.estimate(1, false);
    simt::machine.lost_after_launches = 3;  // within a graph
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "unspecified launch failure");
  }
  simt::machine.lost_after_launches = -1;
}

}  // namespace

void check_cuda_device() {
  const int before = simt::counts().allocations;
  check_graphs();
  check_images();
  check_steady_memory();
  check_idle_memory();
  check_short_memory_of_layers();
  check_second_device();
  check_no_device();
  check_out_of_memory();
  check_lost_device();
  expect(simt::counts().allocations == before, "device memory is given back");
}

}  // namespace glpose
