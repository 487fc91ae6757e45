#pragma once
// A network of every kind of layer, of random weights, for tests of whole networks.
#include <memory>
#include <utility>

#include "network/network.h"
#include "test/check.h"

namespace glpose {

/// The network on one backend, with images of its own.
class LayeredFixture {
 public:
  static constexpr int kImages = 5;
  using Results = std::vector<std::vector<float>>;  // of each output, image after image

  explicit LayeredFixture(std::unique_ptr<Backend> backend) : network_(kMaps, 2, {5, 8, 10, 13}, std::move(backend)) {
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
    for (int input = 0; input < 2; ++input) given_.push_back(random_.vector(kImages * floats_of(input)));
  }

  /// The results of `count` images from `first` on.
  Results run(int first, int count) {
    std::vector<const float*> given;
    for (int input = 0; input < 2; ++input) given.push_back(given_[input].data() + first * floats_of(input));
    Results results;
    std::vector<float*> to;
    for (int output : network_.outputs()) results.emplace_back(count * floats_of(output), NAN);
    for (std::vector<float>& result : results) to.push_back(result.data());
    network_.run(given, count, to);
    return results;
  }

 private:
  inline static const std::vector<MapSize> kMaps = {
      {3, 17, 14}, {60, 1, 1}, {20, 9, 7}, {48, 9, 7},  {20, 5, 4},  {20, 9, 7}, {20, 9, 7}, {88, 9, 7},
      {88, 1, 1},  {48, 9, 7}, {20, 18, 14}, {40, 9, 7}, {1, 9, 7}, {20, 9, 7}, {20, 9, 7}};

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
