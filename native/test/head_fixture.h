#pragma once
/// A small head of random weights, and people for it.
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "model/glpose.h"
#include "network/network.h"
#include "test/check.h"

namespace glpose {

inline HeadShape small_shape(bool conditions = false) {
  HeadShape shape;
  shape.channels = 5;
  shape.height = 5;
  shape.width = 7;
  shape.block_width = 6;
  shape.joints = 3;
  shape.k = 1;
  shape.n = 1;
  shape.enhancement = true;
  shape.conditions = conditions;
  shape.feature_mean.assign(shape.channels, 0.5f);
  shape.feature_std.assign(shape.channels, 2.f);
  return shape;
}

inline TensorMap random_tensors(const HeadShape& shape) {
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
  const int conditions = shape.conditions ? condition_channels(shape.k) : 0;
  block("aggregation.0", (1 + shape.references()) * shape.channels + conditions, width, true);
  block("aggregation.1", width, width, false);
  block("aggregation.2", width, width, false);
  block("psi", shape.channels, width, true);
  block("enhancement.0", width + shape.channels, width, true);
  conv("head", shape.joints, width, 3);
  tensors["head.bias"] = {{shape.joints}, random.vector(shape.joints)};
  return tensors;
}

struct Result {
  std::vector<float> joints, heatmaps, masks, peaks;  // the last three where maps are asked for
};

/// Heads under test see the same people, all drawn from the same maps.
class Fixture {
 public:
  /// @param maps stored, of which keys and references are
  explicit Fixture(std::shared_ptr<Backend> backend, const HeadShape& shape = small_shape(), int maps = 7)
      : shape_(shape), count_(maps), head_(shape, random_tensors(shape), std::move(backend)) {}

  std::string device() const { return head_.device(); }

  /// @returns the maps' embeddings
  std::vector<float> ingest() {
    Random random(5);
    return ingest(random.vector(size_t(count_) * shape_.channels * shape_.height * shape_.width, 3));
  }
  /// The same of given maps.
  std::vector<float> ingest(const std::vector<float>& features) {
    std::vector<float> embeddings(size_t(count_) * shape_.channels);
    maps_ = head_.ingest(features.data(), count_, embeddings.data());
    return embeddings;
  }
  /// The same of maps that a network has left on the device.
  std::vector<float> ingest(const KeptOutput& kept) {
    std::vector<float> embeddings(size_t(count_) * shape_.channels);
    maps_ = head_.ingest(kept.planes(), count_, embeddings.data(), true);
    return embeddings;
  }

  const HeadShape& shape() const { return shape_; }

  /// @param warped whether references are of other windows than their keys
  Result estimate(int people, bool with_maps, bool warped = false, DecodeMethod decode = DecodeMethod::quarter) {
    const int references = shape_.references();
    Random random(6);
    const std::vector<float> weights = random.vector(size_t(people) * references);
    EstimateArgs args;
    args.people = people;
    args.decode = decode;
    for (int b = 0; b < people; ++b) args.keys.push_back(maps_[b % count_]);
    for (int i = 0; i < people * references; ++i) args.references.push_back(maps_[(i * 5 + 1) % count_]);
    args.weights = weights.data();
    std::vector<WarpTransform> transforms;
    for (int i = 0; warped && i < people * references; ++i) transforms.push_back({1 + 0.1f * (i % 3), 0.5f * i, -0.25f});
    if (warped) args.transforms = transforms.data();
    std::vector<float> expected;
    if (shape_.conditions) {
      constexpr int kExpected = 3;
      expected = random.vector(size_t(people) * (1 + 2 * shape_.k) * kExpected * kConditionJoints * 2, float(shape_.width));
      for (size_t i = 0; i < expected.size(); i += 7) expected[i] = NAN;
      args.expected = expected.data();
      args.expected_people = kExpected;
    }
    const size_t pixels = size_t(shape_.height) * shape_.width;
    Result result;
    result.joints.assign(size_t(people) * shape_.joints * 3, NAN);
    args.joints = result.joints.data();
    if (with_maps) {
      result.heatmaps.assign(people * shape_.joints * pixels, NAN);
      result.masks.assign(people * shape_.block_width * pixels, NAN);
      args.heatmaps = result.heatmaps.data();
      args.masks = result.masks.data();
      result.peaks.assign(size_t(people) * shape_.joints * kMostPeaks * 3, NAN);
      args.peaks = result.peaks.data();
    }
    head_.estimate(args);
    return result;
  }

 private:
  HeadShape shape_;
  int count_;
  GlposeHead head_;
  std::vector<StoredMap> maps_;
};

}  // namespace glpose
