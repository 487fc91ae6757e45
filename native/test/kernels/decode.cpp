// decode's cases: see cases.h.
#include "test/prepared.h"

namespace glpose {
namespace {

/// A heat map with a bump; some with ties, some nowhere above 0.
std::vector<float> heatmap(Random& random, int joint, int height, int width) {
  std::vector<float> map(size_t(height) * width);
  const float x = (random.next() + 1) / 2 * width, y = (random.next() + 1) / 2 * height;
  for (int p = 0; p < height * width; ++p) {
    const float dx = p % width - x, dy = p / width - y;
    map[p] = std::exp(-(dx * dx + dy * dy) / 8) + 0.02f * random.next();
    if (joint % 5 == 3) map[p] = std::round(map[p] * 4) / 4;  // plateaus: the first of the equals counts
    if (joint % 5 == 4) map[p] = -map[p] - 0.1f;
    if (joint % 5 == 2) map[p] = p == height * width / 2 ? 0.f : -1.f;  // nothing above 0 is found: coordinates 0
    if (joint % 10 == 7) map[p] = 0.5f;                                 // equals far apart
  }
  return halves(map);
}

std::vector<float> heatmaps(const DecodeCase& test) {
  Random random(3);
  std::vector<float> planes;
  for (int i = 0; i < test.people * test.joints; ++i) {
    const std::vector<float> map = heatmap(random, i, test.height, test.width);
    planes.insert(planes.end(), map.begin(), map.end());
  }
  return planes;
}

class PreparedDecodeCase : public Prepared {
 public:
  PreparedDecodeCase(TestBackend& on, const DecodeCase& test)
      : on_(on), test_(test), maps_(on, test.people, test.joints, test.height, test.width, heatmaps(test)),
        got_(size_t(test.people) * test.joints * 3, NAN), out_(upload(on, got_)) {}

  void launch() override {
    on_.backend->decode({test_.people, test_.joints, test_.height, test_.width, test_.method, maps_.table(),
                         static_cast<float*>(out_.data())});
  }

  void check(const std::string& what) override {
    std::vector<float> wanted(got_.size());
    on_.backend->download(got_.data(), out_.data(), got_.size() * sizeof(float));
    decode_reference({test_.people, test_.joints, test_.height, test_.width, test_.method, maps_.plain_table.data(),
                      wanted.data()});
    expect_close(got_, wanted, on_.tolerance.nmse, 1e-3, what);
  }

 private:
  TestBackend& on_;
  const DecodeCase test_;
  Maps maps_;
  std::vector<float> got_;
  Buffer out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const DecodeCase& test) {
  return std::make_unique<PreparedDecodeCase>(on, test);
}

Work work_of(const TestBackend& on, const DecodeCase& test) {
  return {0, on.bytes_of_element() * test.people * test.height * test.width * channel_stride(test.joints)};
}

}  // namespace glpose
