// warp's cases: see cases.h.
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedWarpCase : public Prepared {
 public:
  PreparedWarpCase(TestBackend& on, const WarpCase& test)
      : on_(on), test_(test), random_(4), count_(int(test.transforms.size())),
        from_(random_maps(on, random_, count_, test.channels, test.height, test.width)),
        to_(on, count_, test.channels, test.height, test.width), transforms_(upload(on, test.transforms)) {}

  void launch() override {
    on_.backend->warp({count_, test_.height, test_.width, test_.channels, from_.table(), to_.table(),
                       static_cast<const WarpTransform*>(transforms_.data())});
  }

  void check(const std::string& what) override {
    warp_reference({count_, test_.height, test_.width, test_.channels, from_.plain_table.data(), to_.plain_table.data(),
                    test_.transforms.data()});
    to_.expect(on_, channel_stride(test_.channels), what);
  }

 private:
  TestBackend& on_;
  const WarpCase test_;
  Random random_;
  const int count_;
  Maps from_, to_;
  Buffer transforms_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const WarpCase& test) {
  return std::make_unique<PreparedWarpCase>(on, test);
}

Work work_of(const TestBackend& on, const WarpCase& test) {
  const double elements = double(test.transforms.size()) * test.height * test.width * channel_stride(test.channels);
  return {8 * elements, 2 * on.bytes_of_element() * elements};
}

}  // namespace glpose
