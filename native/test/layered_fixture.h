#pragma once
// A network of every kind of layer, of random weights, for tests of whole networks.
#include <memory>
#include <utility>

#include "kernels/half.h"
#include "kernels/peaks/peaks.h"
#include "network/network.h"
#include "test/check.h"

namespace glpose {

/// The network on one backend, with images of its own.
class LayeredFixture {
 public:
  static constexpr int kImages = 5;
  using Results = std::vector<std::vector<float>>;  // of each output, image after image

  /// Places among the outputs: numbers, and the maps that they are read out of; then other maps.
  static constexpr int kPose = 0, kPeaks = 1, kPlainPeaks = 2, kDecoded = 3, kHeat = 4, kRegress = 5, kCenter = 6;
  static constexpr PoseTrust kTrust = {1.8f, 3};

  explicit LayeredFixture(std::shared_ptr<Backend> backend)
      : network_(kMaps, 2, {16, 17, 18, 19, 15, 11, 12, 5, 8, 10, 13}, std::move(backend)) {
    conv("stem", 0, 2, 3, 2, {false, 0});
    conv("wide", 2, 3, 3, 1, {false, 0, 6});
    add("max", 4, PoolLayer{2, true, 3, 2, 2, 1, 1});
    add("larger", 6, ResizeLayer{4, taps(9, 5), taps(7, 4)});
    conv("back", 3, 5, 1, 1, {}, 6);
    add("joined", 7, ConcatLayer{{2, 3, 5}});
    add("mean", 8, PoolLayer{7, false, 9, 7, 1, 0, 0});
    conv("depthwise", 3, 9, 3, 1, {false, 0}, -1, true);
    add("twice", 10, SumLayer{{{5, 2}, {2, 2}}, {true}});
    conv("regress", 9, 11, 1, 1);
    conv("center", 9, 12, 3, 1);
    add("gated", 14, ProductLayer{5, 6});
    add("located", 13, LocateLayer{14, 11, 12, 1, 1.8f});
    add("heat", 15, SumLayer{{{5, 1}}, {true}});
    add("pose", 16, PoseLayer{15, 11, 11, 12, 1, kTrust});
    add("peaks", 17, PeaksLayer{15, 11});
    add("plain peaks", 18, PeaksLayer{15});
    add("decoded", 19, DecodeLayer{15, DecodeMethod::dark});
    for (int input = 0; input < 2; ++input) given_.push_back(random_.vector(kImages * floats_of(input)));
    for (float& value : given_[1]) value = to_float(to_half(value));
  }

  /// The results of `count` images from `first` on.
  Results run(int first, int count) {
    std::vector<NetworkInput> given(2);
    for (int input = 0; input < 2; ++input) given[input].planes = given_[input].data() + first * floats_of(input);
    return run(given, count);
  }

  /// An image that windows can be taken of.
  std::shared_ptr<NetworkImage> image(int seed, int width, int height) {
    Random random(seed);
    std::vector<uint8_t> bytes(size_t(width) * height * 3);
    for (uint8_t& value : bytes) value = uint8_t(127 + 127 * random.next());
    return network_.image(bytes.data(), width, height);
  }
  /// Windows of two images, as many as there are images of the second input: inside, enlarged and reduced, beyond a border, outside;
  /// some of them mirrored.
  std::vector<NetworkWindow> windows() {
    const auto first = image(1, 31, 23), second = image(2, 16, 40);
    return {{first, 15, 11, 10, false},
            {second, 8.25, 20.5, 40, true},
            {first, 1, 22, 14, true},
            {first, 15, 11, 10, true},
            {second, -90, 3, 12, false}};
  }

  /// Outputs that are not asked for; their results stay as they were.
  std::vector<bool> unwanted = std::vector<bool>(11, false);

  /// The results of windows, which take the place of the first input. @param first of the second input's images
  /// @param kept takes the last output, if it is to stay on the device; the results then lack it
  Results run(const std::vector<NetworkWindow>& windows, int first = 0, std::shared_ptr<KeptOutput>* kept = nullptr) {
    std::vector<NetworkInput> given(2);
    given[0].windows = windows.data();
    for (int c = 0; c < 3; ++c) {
      given[0].mean[c] = kMean[c];
      given[0].inv_std[c] = kInvStd[c];
    }
    given[1].planes = given_[1].data() + first * floats_of(1);
    return run(given, int(windows.size()), kept);
  }
  /// The same of crops that were made before, [count, 3, H, W].
  Results run(const std::vector<float>& crops) {
    std::vector<NetworkInput> given(2);
    given[0].planes = crops.data();
    given[1].planes = given_[1].data();
    return run(given, int(crops.size() / floats_of(0)));
  }

  static constexpr float kMean[3] = {110, 120, 130}, kInvStd[3] = {1 / 120.f, 1 / 110.f, 1 / 130.f};
  /// Sizes of the first input and the last output.
  static MapSize input() { return kMaps[0]; }
  static MapSize output() { return kMaps[13]; }
  /// Of the map that poses and peaks are read out of.
  static MapSize heat() { return kMaps[15]; }
  /// The second input of one image.
  const float* expected(int image) const { return given_[1].data() + image * floats_of(1); }

 private:
  inline static const std::vector<MapSize> kMaps = {
      {3, 17, 14}, {60, 1, 1}, {20, 9, 7}, {48, 9, 7},  {20, 5, 4},  {20, 9, 7}, {20, 9, 7}, {88, 9, 7},
      {88, 1, 1},  {48, 9, 7}, {20, 18, 14}, {40, 9, 7}, {1, 9, 7}, {20, 9, 7}, {20, 9, 7},
      {20, 9, 7}, {20 * kPoseNumbers, 1, 1}, {20 * kMostPeaks * 3, 1, 1}, {20 * kMostPeaks * 3, 1, 1}, {20 * 3, 1, 1}};

  Results run(const std::vector<NetworkInput>& given, int count, std::shared_ptr<KeptOutput>* kept = nullptr) {
    Results results;
    std::vector<NetworkResult> to;
    for (int output : network_.outputs()) results.emplace_back(count * floats_of(output), NAN);
    for (size_t i = 0; i < results.size(); ++i) to.push_back({unwanted[i] ? nullptr : results[i].data()});
    if (kept) {
      *kept = network_.keep(int(to.size()) - 1, count);
      to.back() = {static_cast<float*>((*kept)->buffer.data()), true};
    }
    network_.run(given, count, to);
    return results;
  }

  static size_t floats_of(int map) { return size_t(kMaps[map].channels) * kMaps[map].height * kMaps[map].width; }

  template <class Op>
  void add(const char* name, int out, Op op) {
    network_.add({name, out, std::move(op)});
  }

  void conv(const char* name, int source, int out, int kernel, int stride, LayerEnd end = {}, int addend = -1,
            bool depthwise = false) {
    const int in = kMaps[source].channels, outs = kMaps[out].channels, inputs = depthwise ? 1 : in;
    const int fan_in = inputs * kernel * kernel;
    ConvLayer layer;
    layer.weights = {name, kernel, stride, kernel / 2, kernel / 2, in, outs, depthwise, {}, {}};
    layer.weights.weight = random_.vector(size_t(fan_in) * outs, 2 / std::sqrt(float(fan_in)));
    layer.weights.bias = random_.vector(outs);
    layer.source = source;
    layer.addend = addend;
    layer.end = end;
    add(name, out, std::move(layer));
  }

  static std::vector<AxisTap> taps(int size, int source) {
    std::vector<AxisTap> taps;
    for (int i = 0; i < size; ++i) {
      const int first = i * source / size;
      taps.push_back({first, first + 1 < source ? first + 1 : first, float(i % 4) / 4});
    }
    return taps;
  }

  Random random_{17};
  Network network_;
  std::vector<std::vector<float>> given_;  // of each input, image after image
};

}  // namespace glpose
