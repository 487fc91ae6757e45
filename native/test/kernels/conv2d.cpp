// conv2d's cases: see cases.h.
#include "backend/layers.h"
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedConv2dCase : public Prepared {
 public:
  PreparedConv2dCase(TestBackend& on, const Conv2dCase& test)
      : on_(on), test_(test), random_(5), weights_(random_weights()),
        prepared_(on.backend->layers()->prepare(weights_)),
        source_(random_maps(on, random_, test.batch, test.in_channels, test.in_height, test.in_width)),
        addend_(random_maps(on, random_, test.batch, test.out_channels, test.height, test.width)),
        out_(on, test.batch, test.out_channels, test.height, test.width) {}

  void launch() override {
    on_.backend->layers()->conv2d(args(source_.table(), test_.addend ? addend_.table() : nullptr, out_.table()));
  }

  void check(const std::string& what) override {
    const Conv2dArgs plain = args(source_.plain_table.data(), test_.addend ? addend_.plain_table.data() : nullptr,
                                  out_.plain_table.data());
    for (int b = 0; b < test_.batch; ++b)
      for (int y = 0; y < test_.height; ++y)
        for (int x = 0; x < test_.width; ++x) conv2d_reference(weights_, plain, b, y, x);
    out_.expect(on_, channel_stride(test_.out_channels), what);  // padding channels too: the next convolution reads them
  }

 private:
  Conv2dArgs args(const Map* source, const Map* addend, const Map* out) const {
    return {prepared_.get(), test_.batch, test_.in_height, test_.in_width, test_.height, test_.width,
            source,          addend,      out,             test_.end};
  }
  Conv2dWeights random_weights() {
    const int inputs = test_.depthwise ? 1 : test_.in_channels, taps = test_.kernel * test_.kernel;
    Conv2dWeights weights;
    weights.name = test_.name;
    weights.kernel = test_.kernel;
    weights.stride = test_.stride;
    weights.pad_top = test_.pad_top;
    weights.pad_left = test_.pad_left;
    weights.in_channels = test_.in_channels;
    weights.out_channels = test_.out_channels;
    weights.depthwise = test_.depthwise;
    weights.weight = halves(random_.vector(size_t(inputs) * taps * test_.out_channels, 2 / std::sqrt(float(inputs * taps))));
    weights.bias = random_.vector(test_.out_channels);
    return weights;
  }

  TestBackend& on_;
  const Conv2dCase test_;
  Random random_;
  const Conv2dWeights weights_;
  const std::unique_ptr<PreparedConv2d> prepared_;
  Maps source_, addend_, out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const Conv2dCase& test) {
  return std::make_unique<PreparedConv2dCase>(on, test);
}

Work work_of(const TestBackend& on, const Conv2dCase& test) {
  const double inputs = test.depthwise ? 1 : test.in_channels, taps = test.kernel * test.kernel;
  const double out = double(test.batch) * test.height * test.width, in = double(test.batch) * test.in_height * test.in_width;
  const double elements = in * channel_stride(test.in_channels) + (1 + test.addend) * out * channel_stride(test.out_channels);
  const double weights = inputs * taps * test.out_channels;
  return {2 * weights * out, on.bytes_of_element() * (elements + weights)};
}

}  // namespace glpose
