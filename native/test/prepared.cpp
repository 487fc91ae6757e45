#include "test/prepared.h"

#include "kernels/half.h"

namespace glpose {

std::vector<float> halves(std::vector<float> values) {
  for (float& value : values) value = to_float(to_half(value));
  return values;
}

Maps::Maps(const TestBackend& on, int count, int channels, int height, int width, const std::vector<float>& planes)
    : channels(channels), height(height), width(width) {
  Backend& backend = *on.backend;
  const int stride = channel_stride(channels), pixels = height * width;
  for (int i = 0; i < count; ++i) {
    buffers.emplace_back(backend, backend.map_bytes(height, width, channels));
    host_table.push_back({buffers.back().data()});
    if (!on.checked) continue;
    plain.emplace_back(size_t(pixels) * stride, planes.empty() ? NAN : 0.f);
    for (int c = 0; c < channels && !planes.empty(); ++c)
      for (int p = 0; p < pixels; ++p)
        plain[i][size_t(p) * stride + c] = planes[(size_t(i) * channels + c) * pixels + p];
  }
  for (auto& map : plain) plain_table.push_back({map.data()});
  device_table = upload(on, host_table);
  if (planes.empty()) return;
  const std::vector<float> mean(channels, 0.f), one(channels, 1.f);
  std::vector<float> embeddings(size_t(count) * channels);
  backend.ingest({count, channels, height, width, planes.data(), mean.data(), one.data(), host_table.data(),
                  embeddings.data()});
}

void Maps::expect(const TestBackend& on, int channels, const std::string& what, int step) const {
  const int stride = channel_stride(this->channels), pixels = height * width;
  for (int i = 0; i < count(); ++i) {
    std::vector<float> got(size_t(stride) * pixels), wanted(size_t(channels) * pixels);
    on.backend->download_map(got.data(), host_table[i], height, width, stride);
    got.resize(wanted.size());
    for (int c = 0; c < channels; ++c)
      for (int p = 0; p < pixels; ++p) {
        const size_t at = size_t(c) * pixels + p;
        wanted[at] = (size_t(i) * pixels + p) % step == 0 ? plain[i][size_t(p) * stride + c] : got[at];
      }
    expect_close(got, wanted, on.tolerance.nmse, on.tolerance.worst, what + ", map " + std::to_string(i));
  }
}

Maps random_maps(const TestBackend& on, Random& random, int count, int channels, int height, int width) {
  const size_t map_floats = size_t(channels) * height * width;
  std::vector<float> planes = halves(random.vector((on.checked ? count : 1) * map_floats));
  for (int i = 1; i < count && !on.checked; ++i) planes.insert(planes.end(), planes.begin(), planes.begin() + map_floats);
  return Maps(on, count, channels, height, width, planes);
}

Buffer upload(const TestBackend& on, const void* data, size_t bytes) {
  Buffer buffer(*on.backend, bytes);
  on.backend->upload(buffer.data(), data, bytes);
  return buffer;
}

}  // namespace glpose
