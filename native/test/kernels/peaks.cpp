// peaks' cases: see cases.h.
#include "kernels/peaks/peaks.h"

#include "test/prepared.h"

namespace glpose {
namespace {

/// A heat map with a few bumps; some with plateaus and ties far apart, with noise all over, with nothing in them, or just at the lowest peak.
std::vector<float> heatmap(Random& random, int joint, int height, int width) {
  std::vector<float> map(size_t(height) * width);
  for (int bump = 0; bump < 3; ++bump) {
    const float x = (random.next() + 1) / 2 * width, y = (random.next() + 1) / 2 * height, top = (random.next() + 1) / 2;
    for (int p = 0; p < height * width; ++p) {
      const float dx = p % width - x, dy = p / width - y;
      map[p] += top * std::exp(-(dx * dx + dy * dy) / 4);
    }
  }
  for (int p = 0; p < height * width; ++p) {
    if (joint % 5 == 1) map[p] = (random.next() + 1) / 2;                // more peaks than are wanted
    if (joint % 5 == 2) map[p] = std::round(map[p] * 4) / 4;             // plateaus, equals
    if (joint % 5 == 3) map[p] = p % 3 == 0 ? 0.015f : 0;                // noise only
    if (joint % 5 == 4) map[p] = p % 9 == 0 ? 0.02f + 0.0001f * (p % 2) : -1;  // about the lowest
  }
  return halves(map);
}

std::vector<float> heatmaps(const PeaksCase& test) {
  Random random(13);
  std::vector<float> planes;
  for (int i = 0; i < test.people * test.joints; ++i) {
    const std::vector<float> map = heatmap(random, i, test.height, test.width);
    planes.insert(planes.end(), map.begin(), map.end());
  }
  return planes;
}

class PreparedPeaksCase : public Prepared {
 public:
  PreparedPeaksCase(TestBackend& on, const PeaksCase& test)
      : on_(on), test_(test), random_(14), maps_(on, test.people, test.joints, test.height, test.width, heatmaps(test)),
        offsets_(random_maps(on, random_, test.people, 2 * test.joints, test.height, test.width)),
        got_(size_t(test.people) * test.joints * kMostPeaks * 3, NAN), out_(upload(on, got_)) {}

  void launch() override {
    on_.backend->peaks(args(maps_.table(), offsets_.table(), static_cast<float*>(out_.data())));
  }

  void check(const std::string& what) override {
    std::vector<float> wanted(got_.size());
    on_.backend->download(got_.data(), out_.data(), got_.size() * sizeof(float));
    peaks_reference(args(maps_.plain_table.data(), offsets_.plain_table.data(), wanted.data()));
    expect_close(got_, wanted, 1e-10, 1e-4, what);
  }

 private:
  PeaksArgs args(const Map* heatmaps, const Map* offsets, float* out) const {
    return {test_.people, test_.joints, test_.height, test_.width, heatmaps, test_.offsets ? offsets : nullptr, out};
  }

  TestBackend& on_;
  const PeaksCase test_;
  Random random_;
  Maps maps_, offsets_;
  std::vector<float> got_;
  Buffer out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const PeaksCase& test) {
  return std::make_unique<PreparedPeaksCase>(on, test);
}

Work work_of(const TestBackend& on, const PeaksCase& test) {
  return {0, on.bytes_of_element() * test.people * test.height * test.width * channel_stride(test.joints)};
}

}  // namespace glpose
