// crop's cases: see cases.h. No backend's: windows are cut on the CPU, one thread each.
#include "backend/thread_pool.h"
#include "kernels/crop/crop.h"
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedCropCase : public Prepared {
 public:
  PreparedCropCase(TestBackend& on, const CropCase& test)
      : on_(on), test_(test), image_(size_t(test.image_width) * test.image_height * 3), count_(int(test.windows.size() / 4)),
        floats_(size_t(3) * test.width * test.height), out_(count_ * floats_, NAN) {
    Random random(7);
    for (uint8_t& value : image_) value = uint8_t(127 + 127 * random.next());
  }

  void launch() override {
    const CropArgs args = this->args();
    ThreadPool::instance().run(count_, [&](int n, int) { WindowCrop(args, n).run(out_.data() + n * floats_, on_.isa); });
  }

  void check(const std::string& what) override {
    std::vector<float> wanted(out_.size());
    for (int n = 0; n < count_; ++n) crop_reference(args(), n, wanted.data() + n * floats_);
    expect_close(out_, wanted, 1e-10, 1e-3, what);
  }

 private:
  CropArgs args() const {
    return {image_.data(), test_.image_width, test_.image_height, test_.windows.data(), test_.width, test_.height,
            {1, 2, 3},     {1, 0.5f, 2}};
  }

  TestBackend& on_;
  const CropCase test_;
  std::vector<uint8_t> image_;
  const int count_;
  const size_t floats_;
  std::vector<float> out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const CropCase& test) {
  return std::make_unique<PreparedCropCase>(on, test);
}

Work work_of(const TestBackend&, const CropCase& test) {
  double bytes = 0;
  for (size_t n = 0; n < test.windows.size() / 4; ++n)
    bytes += 3 * (test.windows[4 * n + 2] * test.windows[4 * n + 3] + sizeof(float) * test.width * test.height);
  return {0, bytes};
}

}  // namespace glpose
