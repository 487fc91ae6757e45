// conditions' cases: see cases.h.
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedConditionsCase : public Prepared {
 public:
  PreparedConditionsCase(TestBackend& on, const ConditionsCase& test)
      : on_(on), test_(test), points_(some_points(test)), device_points_(upload(on, points_)),
        out_(on, test.count, condition_channels(test.k), test.height, test.width) {}

  void launch() override {
    on_.backend->conditions(args(static_cast<const float*>(device_points_.data()), out_.table()));
  }

  void check(const std::string& what) override {
    conditions_reference(args(points_.data(), out_.plain_table.data()));
    out_.expect(on_, channel_stride(condition_channels(test_.k)), what);
  }

 private:
  ConditionsArgs args(const float* points, const Map* out) const {
    return {test_.count, test_.height, test_.width, test_.k, test_.people, points, out};
  }

  /// Inside, about the borders, far outside and unknown; of the second map, only the own person's.
  static std::vector<float> some_points(const ConditionsCase& test) {
    Random random(9);
    const size_t of_map = size_t(1 + 2 * test.k) * test.people * kConditionJoints;
    std::vector<float> points;
    for (size_t i = 0; i < test.count * of_map; ++i) {
      const bool own = i / kConditionJoints % test.people == 0;
      const bool unknown = i % 11 == 5 || (!own && i / of_map == 1);
      const float spread = i % 13 == 7 ? 1e20f : 0.8f;
      for (const int side : {test.width, test.height})
        points.push_back(unknown ? NAN : (0.5f + spread * random.next()) * float(side));
    }
    return points;
  }

  TestBackend& on_;
  const ConditionsCase test_;
  const std::vector<float> points_;
  Buffer device_points_;
  Maps out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const ConditionsCase& test) {
  return std::make_unique<PreparedConditionsCase>(on, test);
}

/// Six operations a point and cell.
Work work_of(const TestBackend& on, const ConditionsCase& test) {
  const double cells = double(test.count) * test.height * test.width;
  const double points = double(1 + 2 * test.k) * test.people * kConditionJoints;
  return {6 * cells * points, on.bytes_of_element() * cells * channel_stride(condition_channels(test.k))};
}

}  // namespace glpose
