// ingest's cases: see cases.h.
#include "test/prepared.h"

namespace glpose {
namespace {

class PreparedIngestCase : public Prepared {
 public:
  PreparedIngestCase(TestBackend& on, const IngestCase& test)
      : on_(on), test_(test), maps_(on, test.count, test.channels, test.height, test.width) {
    Random random(2);
    features_ = random.vector(size_t(test.count) * test.channels * test.height * test.width);
    mean_ = random.vector(test.channels);
    inv_std_ = random.vector(test.channels);
    for (float& value : inv_std_) value += 1.5f;
    embeddings_.assign(size_t(test.count) * test.channels, NAN);
  }

  void launch() override { on_.backend->ingest(args(maps_.host_table, embeddings_)); }

  void check(const std::string& what) override {
    std::vector<float> wanted(embeddings_.size());
    ingest_reference(args(maps_.plain_table, wanted));
    maps_.expect(on_, channel_stride(test_.channels), what);
    expect_close(embeddings_, wanted, 1e-10, 1e-4, what + ", embeddings");
  }

 private:
  IngestArgs args(const std::vector<Map>& maps, std::vector<float>& embeddings) const {
    return {test_.count,  test_.channels,  test_.height, test_.width,      features_.data(),
            mean_.data(), inv_std_.data(), maps.data(),  embeddings.data()};
  }

  TestBackend& on_;
  const IngestCase test_;
  Maps maps_;
  std::vector<float> features_, mean_, inv_std_, embeddings_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(TestBackend& on, const IngestCase& test) {
  return std::make_unique<PreparedIngestCase>(on, test);
}

Work work_of(const TestBackend& on, const IngestCase& test) {
  const double pixels = double(test.count) * test.height * test.width;
  return {3 * pixels * test.channels,
          pixels * (sizeof(float) * test.channels + on.bytes_of_element() * channel_stride(test.channels))};
}

}  // namespace glpose
