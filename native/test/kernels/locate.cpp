// locate's cases: see cases.h.
#include "backend/layers.h"
#include "kernels/locate/locate.h"
#include "test/prepared.h"

namespace glpose {
namespace {

/// Of every third joint it is not known where it is expected; the others are expected on the map.
std::vector<float> some_expected(Random& random, int count, int joints) {
  std::vector<float> values;
  for (int i = 0; i < count * joints; ++i)
    for (int part = 0; part < 3; ++part) values.push_back(part == 2 ? float(i % 3 != 0) : (random.next() + 1) / 2);
  return halves(values);
}

class PreparedLocateCase : public Prepared {
 public:
  PreparedLocateCase(TestBackend& on, const LocateCase& test)
      : on_(on), test_(test), random_(11), heatmaps_(maps(test.joints)), regress_(maps(2 * test.joints)), center_(maps(1)),
        expected_(on, test.count, 3 * test.joints, 1, 1, some_expected(random_, test.count, test.joints)),
        out_(on, test.count, test.joints, test.height, test.width) {}

  void launch() override {
    on_.backend->layers()->locate(
        args(heatmaps_.table(), regress_.table(), center_.table(), expected_.table(), out_.table()));
  }

  void check(const std::string& what) override {
    const LocateArgs plain = args(heatmaps_.plain_table.data(), regress_.plain_table.data(), center_.plain_table.data(),
                                  expected_.plain_table.data(), out_.plain_table.data());
    for (int image = 0; image < test_.count; ++image) locate_reference(plain, image);
    out_.expect(on_, channel_stride(test_.joints), what);  // padding channels too: the next convolution reads them
  }

 private:
  LocateArgs args(const Map* heatmaps, const Map* regress, const Map* center, const Map* expected, const Map* out) const {
    return {test_.count, {test_.joints, test_.height, test_.width}, 1.8f, heatmaps, regress, center, expected, out};
  }
  Maps maps(int channels) { return random_maps(on_, random_, test_.count, channels, test_.height, test_.width); }

  TestBackend& on_;
  const LocateCase test_;
  Random random_;
  Maps heatmaps_, regress_, center_, expected_, out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const LocateCase& test) {
  return std::make_unique<PreparedLocateCase>(on, test);
}

Work work_of(const TestBackend& on, const LocateCase& test) {
  const double cells = double(test.count) * test.height * test.width, joints = channel_stride(test.joints);
  return {8 * cells * test.joints, on.bytes_of_element() * cells * (2 * joints + channel_stride(1))};
}

}  // namespace glpose
