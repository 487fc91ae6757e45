// The cases of layers: see cases.h.
#include "backend/layers.h"
#include "test/prepared.h"

namespace glpose {
namespace {

using Kind = LayerCase::Kind;

/// Taps all over a source, neighbours mostly.
std::vector<AxisTap> some_taps(Random& random, int size, int source) {
  std::vector<AxisTap> taps;
  for (int i = 0; i < size; ++i) {
    const int first = i * source / size;
    taps.push_back({first, std::min(source - 1, first + 1), (random.next() + 1) / 2});
  }
  return taps;
}

class PreparedLayerCase : public Prepared {
 public:
  PreparedLayerCase(TestBackend& on, const LayerCase& test)
      : on_(on), test_(test), out_(on, test.batch, test.channels, test.height, test.width) {
    if (test.kind == Kind::load || test.kind == Kind::unload)
      planes_ = halves(random_.vector(size_t(test.batch) * test.channels * test.height * test.width));
    if (test.kind == Kind::unload) add_source(test.channels, test.height, test.width);
    if (test.kind == Kind::sum)
      for (int factor : test.list) add_source(test.channels, test.height / factor, test.width / factor);
    if (test.kind == Kind::product)
      for (int i = 0; i < 2; ++i) add_source(test.channels, test.height, test.width);
    if (test.kind == Kind::concat)
      for (int channels : test.list) add_source(channels, test.height, test.width);
    if (test.kind == Kind::resize || test.kind == Kind::pool) add_source(test.channels, test.in_height, test.in_width);
    if (test.kind == Kind::resize) {
      rows_ = some_taps(random_, test.height, test.in_height);
      columns_ = some_taps(random_, test.width, test.in_width);
      device_rows_ = upload(on, rows_);
      device_columns_ = upload(on, columns_);
    }
  }

  void launch() override {
    std::vector<const Map*> sources;
    for (const Maps& maps : sources_) sources.push_back(maps.table());
    const auto taps = [](const Buffer& buffer) { return static_cast<const AxisTap*>(buffer.data()); };
    with_args(sources, out_.table(), taps(device_rows_), taps(device_columns_), [&](const auto& args) { run(args); });
  }

  void check(const std::string& what) override {
    std::vector<const Map*> sources;
    for (const Maps& maps : sources_) sources.push_back(maps.plain_table.data());
    const std::vector<float> got = planes_;
    with_args(sources, out_.plain_table.data(), rows_.data(), columns_.data(), [&](const auto& args) {
      for (int image = 0; image < test_.batch; ++image) reference(args, image);
    });
    if (test_.kind == Kind::unload) return expect_close(got, planes_, 0, 0, what);
    out_.expect(on_, channel_stride(test_.channels), what);  // padding channels too: the next layer reads them
  }

 private:
  void add_source(int channels, int height, int width) {
    sources_.push_back(random_maps(on_, random_, test_.batch, channels, height, width));
  }

  /// Calls f with the arguments of the case's kind.
  template <class F>
  void with_args(const std::vector<const Map*>& sources, const Map* out, const AxisTap* rows, const AxisTap* columns,
                 const F& f) {
    const LayerCase& t = test_;
    const MapSize size{t.channels, t.height, t.width}, in{t.channels, t.in_height, t.in_width};
    switch (t.kind) {
      case Kind::load: return f(LoadArgs{t.batch, size, planes_.data(), out});
      case Kind::unload: return f(UnloadArgs{t.batch, size, sources[0], planes_.data()});
      case Kind::sum: {
        std::vector<SumArgs::Term> terms;
        for (size_t i = 0; i < sources.size(); ++i) terms.push_back({sources[i], t.list[i]});
        return f(SumArgs{t.batch, size, terms.data(), int(terms.size()), out, t.end});
      }
      case Kind::product: return f(ProductArgs{t.batch, size, sources[0], sources[1], out});
      case Kind::concat:
        return f(ConcatArgs{t.batch, t.height, t.width, sources.data(), t.list.data(), int(sources.size()), out});
      case Kind::resize: return f(ResizeArgs{t.batch, in, t.height, t.width, rows, columns, sources[0], out});
      case Kind::pool:
        return f(PoolArgs{t.batch, in, t.height, t.width, t.max, t.kernel_height, t.kernel_width, t.stride, t.pad_top,
                          t.pad_left, sources[0], out});
    }
  }

  void run(const LoadArgs& args) { on_.backend->layers()->load(args); }
  void run(const UnloadArgs& args) { on_.backend->layers()->unload(args); }
  void run(const SumArgs& args) { on_.backend->layers()->sum(args); }
  void run(const ProductArgs& args) { on_.backend->layers()->product(args); }
  void run(const ConcatArgs& args) { on_.backend->layers()->concat(args); }
  void run(const ResizeArgs& args) { on_.backend->layers()->resize(args); }
  void run(const PoolArgs& args) { on_.backend->layers()->pool(args); }

  TestBackend& on_;
  const LayerCase test_;
  Random random_{13};
  std::vector<float> planes_;  // load's source, or unload's result
  std::vector<Maps> sources_;
  std::vector<AxisTap> rows_, columns_;
  Buffer device_rows_, device_columns_;
  Maps out_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const LayerCase& test) {
  return std::make_unique<PreparedLayerCase>(on, test);
}

Work work_of(const TestBackend& on, const LayerCase& test) {
  const double pixels = double(test.batch) * test.height * test.width, out = pixels * channel_stride(test.channels);
  if (test.kind == Kind::unload) return {0, out * on.bytes_of_element() + pixels * test.channels * sizeof(float)};
  double read = out;  // product, concat: as much again in all; elements
  if (test.kind == Kind::load) read = pixels * test.channels * sizeof(float) / on.bytes_of_element();
  if (test.kind == Kind::unload) return {0, out * on.bytes_of_element() + pixels * test.channels * sizeof(float)};
  if (test.kind == Kind::product) read = 2 * out;
  if (test.kind == Kind::resize || test.kind == Kind::pool)
    read = double(test.batch) * test.in_height * test.in_width * channel_stride(test.channels);
  if (test.kind == Kind::sum) {
    read = 0;
    for (int factor : test.list) read += out / (double(factor) * factor);
  }
  return {0, on.bytes_of_element() * (read + out)};
}

}  // namespace glpose
