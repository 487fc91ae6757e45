// crop's cases: see cases.h. The CPU gives planes to whoever asks for them, one thread a window; every backend maps to its networks.
#include "backend/layers.h"
#include "backend/thread_pool.h"
#include "kernels/crop/crop.h"
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedCropCase : public Prepared {
 public:
  PreparedCropCase(TestBackend& on, const CropCase& test)
      : on_(on), test_(test), image_(size_t(test.image_width) * test.image_height * 3), count_(int(test.windows.size() / 4)),
        floats_(size_t(3) * test.width * test.height), maps_(on, count_, 3, test.height, test.width) {
    Random random(7);
    for (uint8_t& value : image_) value = uint8_t(127 + 127 * random.next());
    device_image_ = upload(on, image_);
    if (!on.gpu()) planes_.assign(count_ * floats_, NAN);
  }

  void launch() override {
    if (on_.gpu()) return cut_maps();
    const CropArgs args = this->args();
    ThreadPool::instance().run(
        count_, [&](int n, int) { WindowCrop(args, n).run(planes_.data() + n * floats_, on_.isa); });
  }

  void check(const std::string& what) override {
    if (!on_.gpu()) {
      std::vector<float> wanted(planes_.size());
      for (int n = 0; n < count_; ++n) crop_reference(args(), n, wanted.data() + n * floats_);
      expect_close(planes_, wanted, 1e-10, 1e-3, what);
      cut_maps();
    }
    const std::vector<ImageWindow> windows = this->windows(image_.data());
    for (int n = 0; n < count_; ++n) crop_reference(map_args(windows, maps_.plain_table.data()), n);
    maps_.expect(on_, channel_stride(3), what + ", as maps");  // padding channels too: the first layer reads them
  }

 private:
  CropArgs args() const {
    return {image_.data(), test_.image_width, test_.image_height, test_.windows.data(), test_.width, test_.height,
            {1, 2, 3},     {1, 0.5f, 2}};
  }

  std::vector<ImageWindow> windows(const uint8_t* image) const {
    std::vector<ImageWindow> windows;
    for (int n = 0; n < count_; ++n) {
      const double* window = &test_.windows[4 * n];
      windows.push_back({image, test_.image_width, test_.image_height, window[0], window[1], window[2],
                         test_.mirrored && n % 2 == 1});
    }
    return windows;
  }

  /// Values of size 1 come out, as networks have them: what halves round is little.
  CropMapsArgs map_args(const std::vector<ImageWindow>& windows, const Map* out) const {
    return {count_, test_.height, test_.width, windows.data(), {120, 110, 100}, {1 / 130.f, 1 / 120.f, 1 / 140.f}, out};
  }

  void cut_maps() {
    on_.backend->layers()->crop(map_args(windows(static_cast<const uint8_t*>(device_image_.data())), maps_.table()));
  }

  TestBackend& on_;
  const CropCase test_;
  std::vector<uint8_t> image_;
  const int count_;
  const size_t floats_;
  Buffer device_image_;
  std::vector<float> planes_;  // [N, 3, H, W]
  Maps maps_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const CropCase& test) {
  return std::make_unique<PreparedCropCase>(on, test);
}

Work work_of(const TestBackend& on, const CropCase& test) {
  const double pixels = double(test.width) * test.height;
  double bytes = 0;
  for (size_t n = 0; n < test.windows.size() / 4; ++n)
    bytes += 3 * test.windows[4 * n + 2] * test.windows[4 * n + 3] +
             pixels * (on.gpu() ? on.bytes_of_element() * channel_stride(3) : 3 * sizeof(float));
  return {0, bytes};
}

}  // namespace glpose
