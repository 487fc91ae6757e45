// A network on the CUDA backend beside the CPU's, from images to the head: on a GPU, or under the SIMT executor.
#include <algorithm>
#include <cmath>
#include <functional>

#include "backend/cpu.h"
#include "backend/cuda.h"
#include "kernels/crop/crop.h"
#include "test/checks.h"
#include "test/head_fixture.h"
#include "test/layered_fixture.h"

namespace glpose {
namespace {

using Results = LayeredFixture::Results;

/// The crops of windows, as the CPU's kernel gives them to JavaScript, which mirrors them.
std::vector<float> crops_of(const std::vector<NetworkWindow>& windows) {
  const auto [channels, height, width] = LayeredFixture::input();
  const size_t floats = size_t(channels) * height * width;
  std::vector<float> crops(windows.size() * floats);
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto& [image, x, y, window_width, mirrored] = windows[i];
    const double window[4] = {x, y, window_width};
    CropArgs args{image->data(), image->width(), image->height(), window, width, height, {}, {}};
    std::copy_n(LayeredFixture::kMean, 3, args.mean);
    std::copy_n(LayeredFixture::kInvStd, 3, args.inv_std);
    const auto crop = crops.begin() + i * floats;
    WindowCrop(args, 0).run(&*crop);
    for (auto row = crop; mirrored && row < crop + floats; row += width) std::reverse(row, row + width);
  }
  return crops;
}

/// Windows are cut where the network runs.
void check_windows() {
  LayeredFixture cpu(make_cpu_backend()), cuda(make_cuda_backend(0));
  const std::vector<NetworkWindow> on_cpu = cpu.windows(), on_gpu = cuda.windows();
  const Results wanted = cpu.run(on_cpu), got = cuda.run(on_gpu);
  expect(wanted == cpu.run(crops_of(on_cpu)), "on the CPU, windows give what their crops give");
  for (size_t output = LayeredFixture::kHeat; output < wanted.size(); ++output)
    expect_close(got[output], wanted[output], 1e-5, 0.1, "windows, output " + std::to_string(output));
  for (int pass = 0; pass < 2; ++pass) expect(cuda.run(on_gpu) == got, "windows of images that have gone up before");
  for (size_t i = 0; i < on_gpu.size(); ++i) {
    const Results alone = cuda.run({on_gpu[i]}, int(i));
    for (size_t output = 0; output < alone.size(); ++output) {
      const auto from = got[output].begin() + i * alone[output].size();
      expect(std::equal(alone[output].begin(), alone[output].end(), from), "a window alone");
    }
  }
}

/// Read-outs say of a network's maps what the CPU's kernels say of them when they come down.
void check_read_outs(std::unique_ptr<Backend> backend) {
  constexpr int kImages = 3;
  const std::string where = " on " + backend->name();
  LayeredFixture network(std::move(backend));
  const Results all = network.run(0, kImages);
  const auto [joints, height, width] = LayeredFixture::heat();
  const int cells = height * width;
  for (int image = 0; image < kImages; ++image) {
    const auto of = [&](int output) { return all[output].data() + image * all[output].size() / kImages; };
    const View heat = planes_view(of(LayeredFixture::kHeat), cells), around = planes_view(of(LayeredFixture::kRegress), cells);
    std::vector<float> pose(size_t(joints) * kPoseNumbers), peaks(size_t(joints) * kMostPeaks * 3), plain(peaks.size()),
        decoded(size_t(joints) * 3);
    pose_of_image({heat, around, around, planes_view(of(LayeredFixture::kCenter), cells), network.expected(image)},
                  LayeredFixture::heat(), LayeredFixture::kTrust, pose.data());
    for (int q = 0; q < joints; ++q) {
      peaks_of_joint(heat, &around, q, height, width, peaks.data() + q * kMostPeaks * 3);
      peaks_of_joint(heat, nullptr, q, height, width, plain.data() + q * kMostPeaks * 3);
      decode_joint(heat.data + q * cells, 1, height, width, DecodeMethod::dark, decoded.data() + q * 3);
    }
    for (const auto& [output, wanted] : {std::pair(LayeredFixture::kPose, pose), {LayeredFixture::kPeaks, peaks},
                                         {LayeredFixture::kPlainPeaks, plain}, {LayeredFixture::kDecoded, decoded}}) {
      const std::vector<float> got(of(output), of(output) + wanted.size());
      expect_close(got, wanted, 1e-8, 1e-3, "read-out " + std::to_string(output) + where);
    }
  }
  for (int output : {LayeredFixture::kPeaks, LayeredFixture::kHeat}) network.unwanted[output] = true;
  const Results some = network.run(0, kImages);
  for (size_t output = 0; output < all.size(); ++output) {
    if (!network.unwanted[output]) expect(some[output] == all[output], "outputs beside those that nobody wants" + where);
    else expect(std::isnan(some[output][0]), "an output that nobody wants" + where);
  }
}

/// Head and network on one backend do not meet: neither their graphs, nor what they queue from several threads.
void check_shared_backend() {
  const std::shared_ptr<Backend> shared = make_cuda_backend(0);
  Fixture head_alone(make_cuda_backend(0));
  head_alone.ingest();
  LayeredFixture network_alone(make_cuda_backend(0));
  const Result pose = head_alone.estimate(1, true);
  const Results maps = network_alone.run(0, 5);
  auto head = std::make_unique<Fixture>(shared);
  head->ingest();
  LayeredFixture network(shared), other(shared);
  for (int pass = 0; pass < 3; ++pass) {
    // Graphs of one person with maps and of five images have one key.
    expect(head->estimate(1, true).heatmaps == pose.heatmaps, "a head that shares its backend");
    expect(network.run(0, 5) == maps && other.run(1, 4) != maps, "a network that shares its backend");
  }
  head.reset();
  expect(network.run(0, 5) == maps, "a network whose backend's head has gone");
}

/// What stays on the device comes to the head as what went over the host does.
void check_kept(const std::function<std::shared_ptr<Backend>()>& make) {
  const auto [channels, height, width] = LayeredFixture::output();
  HeadShape shape = small_shape();
  shape.channels = channels;
  shape.height = height;
  shape.width = width;
  shape.feature_mean.assign(channels, 0.25f);
  shape.feature_std.assign(channels, 1.5f);
  LayeredFixture network(make());
  Fixture over_host(make(), shape, LayeredFixture::kImages), on_device(make(), shape, LayeredFixture::kImages);
  std::shared_ptr<KeptOutput> kept;
  const Results others = network.run(network.windows(), 0, &kept);  // the first one: the memory was nobody's before
  const std::vector<float> embeddings = on_device.ingest(*kept);
  const Results all = network.run(network.windows());
  for (size_t output = 0; output + 1 < all.size(); ++output)
    expect(all[output] == others[output], "an output beside one that stays");
  const std::string device = on_device.device();
  expect(over_host.ingest(all.back()) == embeddings, "embeddings of what stays on " + device);
  kept.reset();
  network.run(network.windows());  // takes its memory
  expect(over_host.estimate(3, true).heatmaps == on_device.estimate(3, true).heatmaps, "heat maps of what stays on " + device);
}

}  // namespace

void check_cuda_layers() {
  check_windows();
  check_kept([] { return make_cpu_backend(); });
  check_kept([] { return make_cuda_backend(0); });
  check_kept([shared = std::shared_ptr<Backend>(make_cuda_backend(0))] { return shared; });
  check_read_outs(make_cpu_backend());
  check_read_outs(make_cuda_backend(0));
  check_shared_backend();

  LayeredFixture cpu(make_cpu_backend()), cuda(make_cuda_backend(0));
  const LayeredFixture::Results wanted = cpu.run(0, 3), first = cuda.run(0, 3);
  for (size_t output = LayeredFixture::kHeat; output < wanted.size(); ++output)
    expect_close(first[output], wanted[output], 1e-5, 0.1, "layered network, output " + std::to_string(output));
  for (const char* pass : {"captured as a graph", "replayed"})
    expect(cuda.run(0, 3) == first, std::string("layered network, ") + pass);

  // One image's results are the same bits in every company, whatever tiles a batch takes.
  CudaLimits few;
  few.many_blocks = 2;
  LayeredFixture large(make_cuda_backend(0, few));
  const LayeredFixture::Results all = cuda.run(0, LayeredFixture::kImages), others = large.run(0, LayeredFixture::kImages);
  expect(all == others, "layered network with larger tiles");
  for (int image = 0; image < LayeredFixture::kImages; ++image) {
    const LayeredFixture::Results alone = cuda.run(image, 1);
    for (size_t output = 0; output < alone.size(); ++output) {
      const auto from = all[output].begin() + image * alone[output].size();
      expect(std::equal(alone[output].begin(), alone[output].end(), from), "layered network, an image alone");
    }
  }
}

}  // namespace glpose
