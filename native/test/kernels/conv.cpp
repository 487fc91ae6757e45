// conv's cases: see cases.h.
#include "test/prepared.h"

namespace glpose {
namespace {

/// The plain loops take about a second a billion: of the largest maps they see every few pixels.
constexpr double kMostReferenceMacs = 2e8;

double macs_of(const ConvCase& test) {
  double in = 0;
  for (int channels : test.in_channels) in += channels;
  return in * test.out_channels * test.kernel * test.kernel * test.batch * test.height * test.width;
}

class PreparedConvCase : public Prepared {
 public:
  PreparedConvCase(TestBackend& on, const ConvCase& test)
      : on_(on), test_(test), random_(1), weights_(random_weights()), prepared_(on.backend->prepare(weights_)),
        residual_(filled()), gated_(filled()), mask_(outputs()), out_(outputs()) {
    // [batch, sources] tables out of one set of maps a source
    for (int channels : test.in_channels)
      sources_.push_back(random_maps(on, random_, test.batch, channels, test.height, test.width));
    std::vector<Map> table;
    for (int b = 0; b < test.batch; ++b)
      for (const Maps& maps : sources_) {
        table.push_back(maps.host_table[b]);
        if (on.checked) plain_sources_.push_back(maps.plain_table[b]);
      }
    table_ = upload(on, table);
    scales_ = random_.vector(table.size() * channel_stride(weights_.widest()));
    device_scales_ = upload(on, scales_);
  }

  void launch() override {
    ConvArgs args = sizes();
    args.conv = prepared_.get();
    args.sources = static_cast<const Map*>(table_.data());
    args.out = out_.table();
    if (test_.scales) args.scales = static_cast<const float*>(device_scales_.data());
    if (test_.residual) args.residual = residual_.table();
    if (test_.activation == Activation::mask) args.gated = gated_.table();
    if (test_.mask_wanted) args.mask = mask_.table();
    on_.backend->conv(args);
  }

  void check(const std::string& what) override {
    ConvArgs args = sizes();
    args.sources = plain_sources_.data();
    args.out = out_.plain_table.data();
    if (test_.scales) args.scales = scales_.data();
    if (test_.residual) args.residual = residual_.plain_table.data();
    if (test_.activation == Activation::mask) args.gated = gated_.plain_table.data();
    if (test_.mask_wanted) args.mask = mask_.plain_table.data();
    const int step = 1 + int(macs_of(test_) / kMostReferenceMacs);
    size_t pixel = 0;
    for (int b = 0; b < test_.batch; ++b)
      for (int y = 0; y < test_.height; ++y)
        for (int x = 0; x < test_.width; ++x, ++pixel)
          if (pixel % step == 0) conv_reference(weights_, args, b, y, x);
    // Padding channels too: the next convolution reads them.
    out_.expect(on_, channel_stride(test_.out_channels), what + ", out", step);
    if (test_.mask_wanted) mask_.expect(on_, test_.out_channels, what + ", M", step);
  }

 private:
  ConvArgs sizes() const {
    ConvArgs args;
    args.batch = test_.batch;
    args.height = test_.height;
    args.width = test_.width;
    args.activation = test_.activation;
    return args;
  }
  ConvWeights random_weights() {
    ConvWeights weights{test_.name, test_.kernel, test_.in_channels, test_.out_channels, {}, {}};
    const int fan_in = weights.in_total() * test_.kernel * test_.kernel;
    weights.weight = halves(random_.vector(size_t(fan_in) * test_.out_channels, 2 / std::sqrt(float(fan_in))));
    weights.bias = random_.vector(test_.out_channels);
    return weights;
  }
  Maps filled() { return random_maps(on_, random_, test_.batch, test_.out_channels, test_.height, test_.width); }
  Maps outputs() { return Maps(on_, test_.batch, test_.out_channels, test_.height, test_.width); }

  TestBackend& on_;
  const ConvCase test_;
  Random random_;
  const ConvWeights weights_;
  const std::unique_ptr<PreparedConv> prepared_;
  Maps residual_, gated_, mask_, out_;
  std::vector<Maps> sources_;
  std::vector<Map> plain_sources_;
  std::vector<float> scales_;
  Buffer table_, device_scales_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const ConvCase& test) {
  return std::make_unique<PreparedConvCase>(on, test);
}

Work work_of(const TestBackend& on, const ConvCase& test) {
  double in = 0;  // channels with their padding
  for (int channels : test.in_channels) in += channel_stride(channels);
  const double out = channel_stride(test.out_channels), pixels = double(test.batch) * test.height * test.width;
  const int maps_out = 1 + test.residual + (test.activation == Activation::mask) + test.mask_wanted;
  const double weights = in * out * test.kernel * test.kernel;
  return {2 * macs_of(test), on.bytes_of_element() * (pixels * (in + maps_out * out) + weights)};
}

}  // namespace glpose
