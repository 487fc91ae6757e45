// The whole network on the CUDA backend beside the CPU's: on a GPU, or under the SIMT executor.
#include "backend/cpu.h"
#include "backend/cuda.h"
#include "test/check.h"
#include "test/checks.h"
#include "test/head_fixture.h"

namespace glpose {
namespace {

void check_network(const HeadShape& shape) {
  Fixture cpu(make_cpu_backend(), shape), cuda(make_cuda_backend(0), shape);
  cpu.ingest();
  cuda.ingest();
  const Result wanted = cpu.estimate(3, true);
  for (const char* pass : {"first", "captured as a graph", "replayed"}) {
    const Result got = cuda.estimate(3, true);
    expect_close(got.heatmaps, wanted.heatmaps, 1e-5, 0.05, std::string("network, heat maps, ") + pass);
    expect_close(got.masks, wanted.masks, 1e-5, 0.05, std::string("network, masks, ") + pass);
    const Result without_maps = cuda.estimate(3, false);
    expect(without_maps.joints == got.joints, std::string("network, joints without maps, ") + pass);
  }
  expect_close(cuda.estimate(3, true, true).heatmaps, cpu.estimate(3, true, true).heatmaps, 1e-5, 0.05,
               "network, references of other windows");
  // A larger pass takes new scratch memory: old graphs must not come back.
  const Result more = cuda.estimate(4, true), again = cuda.estimate(3, true);
  expect_close(again.heatmaps, wanted.heatmaps, 1e-5, 0.05, "network after a larger batch");
  expect_close(more.heatmaps, cpu.estimate(4, true).heatmaps, 1e-5, 0.05, "network, larger batch");
}

/// Each way to decode has a graph of its own.
void check_decodings() {
  constexpr int kPeople = 7;  // enough that some maximum is no border's, where either way moves it
  Fixture both(make_cuda_backend(0)), fresh(make_cuda_backend(0));
  both.ingest();
  fresh.ingest();
  const Result dark = fresh.estimate(kPeople, false, false, DecodeMethod::dark);
  for (int pass = 0; pass < 3; ++pass) {
    expect(both.estimate(kPeople, false).joints != dark.joints, "ways to decode differ");
    expect(both.estimate(kPeople, false, false, DecodeMethod::dark).joints == dark.joints, "dark after quarter");
  }
}

/// Maps taken in a few at a time are the same as all at once.
void check_slices() {
  const HeadShape shape = small_shape();
  const size_t map_bytes = sizeof(float) * shape.channels * shape.height * shape.width;
  CudaLimits slices;
  slices.ingest_bytes = 3 * map_bytes;
  Fixture whole(make_cuda_backend(0)), sliced(make_cuda_backend(0, slices));
  expect(whole.ingest() == sliced.ingest(), "embeddings of maps in slices");
  expect(whole.estimate(3, true).heatmaps == sliced.estimate(3, true).heatmaps, "maps in slices");
}

/// Transfers that meet in the staging memory, of a mebibyte at first.
void check_staging() {
  const std::unique_ptr<Backend> backend = make_cuda_backend(0);
  Random random(7);
  std::vector<std::vector<float>> sent;
  std::vector<Buffer> buffers;
  for (size_t kib : {700, 700, 100, 1500}) {
    sent.push_back(random.vector(kib * 256));
    buffers.emplace_back(*backend, kib << 10);
    backend->upload(buffers.back().data(), sent.back().data(), kib << 10);
  }
  Buffer large(*backend, 3 << 20);  // its download needs more staging memory while uploads are on their way
  const std::vector<float> pieces = random.vector(3 << 18);
  for (size_t piece = 0; piece < 3; ++piece)
    backend->upload(static_cast<char*>(large.data()) + (piece << 20), pieces.data() + (piece << 18), 1 << 20);
  std::vector<float> received(3 << 18);
  backend->download(received.data(), large.data(), 3 << 20);
  expect(received == pieces, "a large download");
  for (size_t i = 0; i < sent.size(); ++i) {
    std::vector<float> got(sent[i].size());
    backend->download(got.data(), buffers[i].data(), got.size() * sizeof(float));
    expect(got == sent[i], "upload " + std::to_string(i) + " through the staging memory");
  }
}

}  // namespace

void check_cuda_network() {
  for (const bool conditions : {false, true}) check_network(small_shape(conditions));
  check_decodings();
  check_slices();
  check_staging();
}

}  // namespace glpose
