// pose's cases: see cases.h.
#include "backend/layers.h"
#include "kernels/pose/pose.h"
#include "test/prepared.h"

namespace glpose {
namespace {

/// Heat maps, nowhere below 0.
std::vector<float> heatmaps(Random& random, size_t count) {
  std::vector<float> values = random.vector(count);
  for (float& value : values) value = (value + 1) / 2;
  return halves(values);
}

/// Of every third joint it is not known where it is expected; the others are expected on the map, and about it.
std::vector<float> some_expected(Random& random, int count, int joints) {
  std::vector<float> values;
  for (int i = 0; i < count * joints; ++i)
    for (int part = 0; part < 3; ++part) values.push_back(part == 2 ? float(i % 3 != 0) : 0.5f + 0.6f * random.next());
  return halves(values);
}

class PreparedPoseCase : public Prepared {
 public:
  PreparedPoseCase(TestBackend& on, const PoseCase& test)
      : on_(on), test_(test), random_(21),
        heatmaps_(on, test.count, test.joints, test.height, test.width,
                  heatmaps(random_, size_t(test.count) * test.joints * test.height * test.width)),
        offsets_(maps(2 * test.joints)), regress_(maps(2 * test.joints)), center_(maps(1)),
        expected_(on, test.count, 3 * test.joints, 1, 1, some_expected(random_, test.count, test.joints)),
        got_(size_t(test.count) * test.joints * kPoseNumbers, NAN), out_(upload(on, got_)) {}

  void launch() override {
    on_.backend->layers()->pose(args(heatmaps_.table(), offsets_.table(), regress_.table(), center_.table(),
                                     expected_.table(), static_cast<float*>(out_.data())));
  }

  void check(const std::string& what) override {
    std::vector<float> wanted(got_.size());
    on_.backend->download(got_.data(), out_.data(), got_.size() * sizeof(float));
    pose_reference(args(heatmaps_.plain_table.data(), offsets_.plain_table.data(), regress_.plain_table.data(),
                        center_.plain_table.data(), expected_.plain_table.data(), wanted.data()));
    expect_close(got_, wanted, 1e-10, 1e-4, what);
  }

 private:
  PoseArgs args(const Map* heatmaps, const Map* offsets, const Map* regress, const Map* center, const Map* expected,
                float* out) const {
    const MapSize size{test_.joints, test_.height, test_.width};
    return {test_.count, size, {1.8f, 3.f / 16 * test_.height}, heatmaps, offsets, regress, center, expected, out};
  }
  Maps maps(int channels) { return random_maps(on_, random_, test_.count, channels, test_.height, test_.width); }

  TestBackend& on_;
  const PoseCase test_;
  Random random_;
  Maps heatmaps_, offsets_, regress_, center_, expected_;
  std::vector<float> got_;
  Buffer out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const PoseCase& test) {
  return std::make_unique<PreparedPoseCase>(on, test);
}

Work work_of(const TestBackend& on, const PoseCase& test) {
  const double cells = double(test.count) * test.height * test.width;
  return {0, on.bytes_of_element() * cells * (channel_stride(test.joints) + channel_stride(1))};
}

}  // namespace glpose
