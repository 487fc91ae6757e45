// The CUDA backend under the SIMT executor: the whole network, batches, graphs, and devices that fail.
#include <cstring>
#include <optional>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "backend/error.h"
#include "model/glpose.h"
#include "test/check.h"
#include "test/conformance.h"
#include "test/simt/simt.h"

namespace glpose {
namespace {

HeadShape small_shape() {
  HeadShape shape;
  shape.channels = 5;
  shape.height = 5;
  shape.width = 7;
  shape.block_width = 6;
  shape.joints = 3;
  shape.k = 1;
  shape.n = 1;
  shape.enhancement = true;
  shape.feature_mean.assign(shape.channels, 0.5f);
  shape.feature_std.assign(shape.channels, 2.f);
  return shape;
}

TensorMap random_tensors(const HeadShape& shape) {
  Random random(4);
  TensorMap tensors;
  const auto conv = [&](const std::string& name, int out, int in, int side) {
    const float size = 2 / std::sqrt(float(in * side * side));
    tensors[name + ".weight"] = {{out, in, side, side}, random.vector(size_t(out) * in * side * side, size)};
  };
  const auto batch_norm = [&](const std::string& name, int channels) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      tensors[name + part] = {{channels}, random.vector(channels, 0.3f)};
      if (std::strcmp(part, ".running_var") == 0 || std::strcmp(part, ".weight") == 0)
        for (float& value : tensors[name + part].data) value += 1;
    }
  };
  const auto block = [&](const std::string& name, int in, int out, bool projected) {
    conv(name + ".conv1", out, in, 3);
    batch_norm(name + ".bn1", out);
    conv(name + ".conv2", out, out, 3);
    batch_norm(name + ".bn2", out);
    if (!projected) return;
    conv(name + ".shortcut.conv", out, in, 1);
    batch_norm(name + ".shortcut.bn", out);
  };
  const int width = shape.block_width;
  block("aggregation.0", (1 + shape.references()) * shape.channels, width, true);
  block("aggregation.1", width, width, false);
  block("aggregation.2", width, width, false);
  block("psi", shape.channels, width, true);
  block("enhancement.0", width + shape.channels, width, true);
  conv("head", shape.joints, width, 3);
  tensors["head.bias"] = {{shape.joints}, random.vector(shape.joints)};
  return tensors;
}

struct Result {
  std::vector<float> joints, heatmaps, masks;
};

/// Heads under test see the same people, all drawn from the same maps.
class Fixture {
 public:
  explicit Fixture(std::unique_ptr<Backend> backend)
      : shape_(small_shape()), head_(shape_, random_tensors(shape_), std::move(backend)) {}

  void put() {
    Random random(5);
    const std::vector<float> features =
        random.vector(size_t(kMaps) * shape_.channels * shape_.height * shape_.width, 3);
    std::vector<float> embeddings(size_t(kMaps) * shape_.channels);
    maps_ = head_.put(features.data(), kMaps, embeddings.data());
  }

  Result estimate(int people, bool with_maps) {
    const int references = shape_.references();
    Random random(6);
    const std::vector<float> weights = random.vector(size_t(people) * references);
    EstimateArgs args;
    args.people = people;
    for (int b = 0; b < people; ++b) args.keys.push_back(maps_[b % kMaps]);
    for (int i = 0; i < people * references; ++i) args.references.push_back(maps_[(i * 5 + 1) % kMaps]);
    args.weights = weights.data();
    const size_t pixels = size_t(shape_.height) * shape_.width;
    Result result;
    result.joints.assign(size_t(people) * shape_.joints * 3, NAN);
    args.joints = result.joints.data();
    if (with_maps) {
      result.heatmaps.assign(people * shape_.joints * pixels, NAN);
      result.masks.assign(people * shape_.block_width * pixels, NAN);
      args.heatmaps = result.heatmaps.data();
      args.masks = result.masks.data();
    }
    head_.estimate(args);
    return result;
  }

 private:
  static constexpr int kMaps = 7;
  HeadShape shape_;
  GlposeHead head_;
  std::vector<StoredMap> maps_;
};

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

void check_network() {
  Fixture cpu(make_cpu_backend()), cuda(make_cuda_backend(0));
  cpu.put();
  cuda.put();
  const Result wanted = cpu.estimate(3, true);
  // The first pass runs, the second is captured as a graph, the third is replayed.
  for (const char* pass : {"first", "captured", "replayed"}) {
    const Result got = cuda.estimate(3, true);
    expect_close(got.heatmaps, wanted.heatmaps, 1e-5, 0.05, std::string("network, heat maps, ") + pass);
    expect_close(got.masks, wanted.masks, 1e-5, 0.05, std::string("network, masks, ") + pass);
    const Result without_maps = cuda.estimate(3, false);
    expect(without_maps.joints == got.joints, std::string("network, joints without maps, ") + pass);
  }
  // A larger pass takes new scratch memory: old graphs must not come back.
  const Result more = cuda.estimate(4, true), again = cuda.estimate(3, true);
  expect_close(again.heatmaps, wanted.heatmaps, 1e-5, 0.05, "network after a larger batch");
  expect_close(more.heatmaps, cpu.estimate(4, true).heatmaps, 1e-5, 0.05, "network, larger batch");
}

void check_steady_memory() {
  Fixture cuda(make_cuda_backend(0));
  cuda.put();
  cuda.estimate(2, false);
  const int before = simt::counts().allocations;
  for (int i = 0; i < 3; ++i) {
    cuda.put();
    cuda.estimate(2, false);
    cuda.estimate(1, false);
  }
  // One more set of maps: the old ones are given back after the new ones were made.
  expect(simt::counts().allocations <= before + 7, "memory is allocated after warm-up");
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
  for (Fixture* fixture : {&roomy, &tight, &hopeless}) fixture->put();
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
    cuda.put();
    simt::machine.lost_after_launches = 5;
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "unspecified launch failure");
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "cuda:0 failed");
    expect_error(error_of([&] { cuda.put(); }), "DEVICE", "cuda:0 failed");
  }  // destroyed without a crash
  simt::machine.lost_after_launches = -1;
  {
    Fixture cuda(make_cuda_backend(0));
    cuda.put();
    for (int i = 0; i < 2; ++i) cuda.estimate(1, false);
    simt::machine.lost_after_launches = 3;  // within a graph
    expect_error(error_of([&] { cuda.estimate(1, false); }), "DEVICE", "unspecified launch failure");
  }
  simt::machine.lost_after_launches = -1;
}

}  // namespace

void check_cuda_backend() {
  const int before = simt::counts().allocations;
  check_network();
  check_steady_memory();
  check_no_device();
  check_out_of_memory();
  check_lost_device();
  expect(simt::counts().allocations == before, "device memory is given back");
}

}  // namespace glpose
