// Every kernel of a backend against the plain loops of its specification, over the table in cases.h.
#include "test/conformance.h"

#include <algorithm>

#include "backend/layers.h"
#include "kernels/half.h"
#include "test/cases.h"
#include "test/check.h"

namespace glpose {
namespace {

/// Values that a half holds, so that rounding the input is no part of a GPU's error.
std::vector<float> halves(std::vector<float> values) {
  for (float& value : values) value = to_float(to_half(value));
  return values;
}

/// Maps of one kind for every person, on the backend under test and as plain floats.
struct Maps {
  int channels, count;
  std::vector<Buffer> buffers;
  std::vector<std::vector<float>> plain;  // [h, w, channel_stride(C)]
  std::vector<Map> host_table, plain_table;

  /// Filled with `planes` [count, C, h, w], or left as they come where that is empty.
  Maps(Backend& backend, int count, int channels, int height, int width, const std::vector<float>& planes = {})
      : channels(channels), count(count) {
    const int stride = channel_stride(channels), pixels = height * width;
    for (int i = 0; i < count; ++i) {
      buffers.emplace_back(backend, backend.map_bytes(height, width, channels));
      host_table.push_back({buffers.back().data()});
      plain.emplace_back(size_t(pixels) * stride, planes.empty() ? NAN : 0.f);
      for (int c = 0; c < channels && !planes.empty(); ++c)
        for (int p = 0; p < pixels; ++p)
          plain[i][size_t(p) * stride + c] = planes[(size_t(i) * channels + c) * pixels + p];
    }
    for (auto& map : plain) plain_table.push_back({map.data()});
    if (planes.empty()) return;
    const std::vector<float> mean(channels, 0.f), one(channels, 1.f);
    std::vector<float> embeddings(size_t(count) * channels);
    backend.ingest({count, channels, height, width, planes.data(), mean.data(), one.data(), host_table.data(),
                 embeddings.data()});
  }
};

Buffer upload(Backend& backend, const void* data, size_t bytes) {
  Buffer buffer(backend, bytes);
  backend.upload(buffer.data(), data, bytes);
  return buffer;
}
template <class T>
Buffer upload(Backend& backend, const std::vector<T>& values) {
  return upload(backend, values.data(), values.size() * sizeof(T));
}

/// The first `channels` channels of one map, those of its padding included, against the plain one.
void expect_map(Backend& backend, const Maps& maps, int n, int channels, int height, int width, const Tolerance& tolerance,
                const std::string& what) {
  const int stride = channel_stride(maps.channels), pixels = height * width;
  std::vector<float> got(size_t(stride) * pixels), wanted(size_t(channels) * pixels);
  backend.download_map(got.data(), maps.host_table[n], height, width, stride);
  got.resize(wanted.size());
  for (int c = 0; c < channels; ++c)
    for (int p = 0; p < pixels; ++p) wanted[size_t(c) * pixels + p] = maps.plain[n][size_t(p) * stride + c];
  expect_close(got, wanted, tolerance.nmse, tolerance.worst, what);
}

void check_conv(Backend& backend, const Tolerance& tolerance, const ConvCase& test) {
  Random random(1);
  const int sources = int(test.in_channels.size()), pixels = test.height * test.width;
  ConvWeights weights{test.name, test.kernel, test.in_channels, test.out_channels, {}, {}};
  const int fan_in = weights.in_total() * test.kernel * test.kernel;
  weights.weight = halves(random.vector(size_t(fan_in) * test.out_channels, 2 / std::sqrt(float(fan_in))));
  weights.bias = random.vector(test.out_channels);

  // [batch, sources] tables out of one set of maps a source
  std::vector<Maps> source_maps;
  for (int channels : test.in_channels)
    source_maps.emplace_back(backend, test.batch, channels, test.height, test.width,
                             halves(random.vector(size_t(test.batch) * channels * pixels)));
  std::vector<Map> table, plain_table;
  for (int b = 0; b < test.batch; ++b)
    for (const Maps& maps : source_maps) {
      table.push_back(maps.host_table[b]);
      plain_table.push_back(maps.plain_table[b]);
    }
  const std::vector<float> scales =
      random.vector(size_t(test.batch) * sources * channel_stride(test.in_channels[0]));
  const auto filled = [&] {
    return Maps(backend, test.batch, test.out_channels, test.height, test.width,
                halves(random.vector(size_t(test.batch) * test.out_channels * pixels)));
  };
  Maps residual = filled(), gated = filled();
  Maps mask(backend, test.batch, test.out_channels, test.height, test.width);
  Maps out(backend, test.batch, test.out_channels, test.height, test.width);

  const std::unique_ptr<PreparedConv> prepared = backend.prepare(weights);
  const Buffer sources_table = upload(backend, table), device_scales = upload(backend, scales);
  const Buffer residual_table = upload(backend, residual.host_table), gated_table = upload(backend, gated.host_table);
  const Buffer mask_table = upload(backend, mask.host_table), out_table = upload(backend, out.host_table);
  const auto maps_of = [](const Buffer& buffer) { return static_cast<const Map*>(buffer.data()); };

  ConvArgs args;
  args.conv = prepared.get();
  args.batch = test.batch;
  args.height = test.height;
  args.width = test.width;
  args.activation = test.activation;
  ConvArgs plain = args;
  args.sources = maps_of(sources_table);
  plain.sources = plain_table.data();
  args.out = maps_of(out_table);
  plain.out = out.plain_table.data();
  if (test.scales) {
    args.scales = static_cast<const float*>(device_scales.data());
    plain.scales = scales.data();
  }
  if (test.residual) {
    args.residual = maps_of(residual_table);
    plain.residual = residual.plain_table.data();
  }
  if (test.activation == Activation::mask) {
    args.gated = maps_of(gated_table);
    plain.gated = gated.plain_table.data();
  }
  if (test.mask_wanted) {
    args.mask = maps_of(mask_table);
    plain.mask = mask.plain_table.data();
  }
  backend.conv(args);
  backend.synchronize();
  for (int b = 0; b < test.batch; ++b)
    for (int y = 0; y < test.height; ++y)
      for (int x = 0; x < test.width; ++x) conv_reference(weights, plain, b, y, x);

  const auto compare = [&](const Maps& maps, int channels, const char* what) {
    for (int b = 0; b < test.batch; ++b)
      expect_map(backend, maps, b, channels, test.height, test.width, tolerance,
                 backend.name() + " conv, " + test.name + ", " + what + " of person " + std::to_string(b));
  };
  compare(out, channel_stride(test.out_channels), "out");  // padding channels too: the next convolution reads them
  if (test.mask_wanted) compare(mask, test.out_channels, "M");
}

void check_conv2d(Backend& backend, const Tolerance& tolerance, const Conv2dCase& test) {
  Random random(5);
  const int inputs = test.depthwise ? 1 : test.in_channels, taps = test.kernel * test.kernel;
  Conv2dWeights weights;
  weights.name = test.name;
  weights.kernel = test.kernel;
  weights.stride = test.stride;
  weights.pad_top = test.pad_top;
  weights.pad_left = test.pad_left;
  weights.in_channels = test.in_channels;
  weights.out_channels = test.out_channels;
  weights.depthwise = test.depthwise;
  weights.weight = halves(random.vector(size_t(inputs) * taps * test.out_channels, 2 / std::sqrt(float(inputs * taps))));
  weights.bias = random.vector(test.out_channels);
  const auto planes = [&](int channels, int height, int width) {
    return halves(random.vector(size_t(test.batch) * channels * height * width));
  };
  Maps source(backend, test.batch, test.in_channels, test.in_height, test.in_width,
              planes(test.in_channels, test.in_height, test.in_width));
  Maps addend(backend, test.batch, test.out_channels, test.height, test.width,
              planes(test.out_channels, test.height, test.width));
  Maps out(backend, test.batch, test.out_channels, test.height, test.width);
  const std::unique_ptr<PreparedConv2d> prepared = backend.layers()->prepare(weights);
  const Buffer source_table = upload(backend, source.host_table), addend_table = upload(backend, addend.host_table);
  const Buffer out_table = upload(backend, out.host_table);
  const auto maps_of = [](const Buffer& buffer) { return static_cast<const Map*>(buffer.data()); };
  Conv2dArgs args{prepared.get(), test.batch, test.in_height, test.in_width, test.height, test.width, maps_of(source_table),
                  test.addend ? maps_of(addend_table) : nullptr, maps_of(out_table), test.end};
  backend.layers()->conv2d(args);
  backend.synchronize();

  args.source = source.plain_table.data();
  args.addend = test.addend ? addend.plain_table.data() : nullptr;
  args.out = out.plain_table.data();
  for (int b = 0; b < test.batch; ++b) {
    for (int y = 0; y < test.height; ++y)
      for (int x = 0; x < test.width; ++x) conv2d_reference(weights, args, b, y, x);
    // Padding channels too: the next convolution reads them.
    expect_map(backend, out, b, channel_stride(test.out_channels), test.height, test.width, tolerance,
               backend.name() + " conv2d, " + test.name + ", image " + std::to_string(b));
  }
}

void check_ingest(Backend& backend, const Tolerance& tolerance, const IngestCase& test) {
  Random random(2);
  const int stride = channel_stride(test.channels);
  const size_t map_floats = size_t(test.channels) * test.height * test.width;
  const std::vector<float> features = random.vector(test.count * map_floats), mean = random.vector(test.channels);
  std::vector<float> inv_std = random.vector(test.channels);
  for (float& value : inv_std) value += 1.5f;
  Maps maps(backend, test.count, test.channels, test.height, test.width);
  std::vector<float> embeddings(size_t(test.count) * test.channels, NAN);
  backend.ingest({test.count, test.channels, test.height, test.width, features.data(), mean.data(), inv_std.data(),
               maps.host_table.data(), embeddings.data()});

  std::vector<float> wanted_embeddings(embeddings.size());
  ingest_reference({test.count, test.channels, test.height, test.width, features.data(), mean.data(), inv_std.data(),
                    maps.plain_table.data(), wanted_embeddings.data()});
  for (int n = 0; n < test.count; ++n)
    expect_map(backend, maps, n, stride, test.height, test.width, tolerance,
               backend.name() + " ingest, " + test.name + ", map " + std::to_string(n));
  expect_close(embeddings, wanted_embeddings, 1e-10, 1e-4, backend.name() + " ingest, " + test.name + ", embeddings");
}

void check_warp(Backend& backend, const Tolerance& tolerance, const WarpCase& test) {
  Random random(4);
  const int pixels = test.height * test.width, count = int(test.transforms.size());
  const std::vector<float> planes = halves(random.vector(size_t(count) * test.channels * pixels));
  const Maps from(backend, count, test.channels, test.height, test.width, planes);
  const Maps to(backend, count, test.channels, test.height, test.width);
  const Buffer from_table = upload(backend, from.host_table), to_table = upload(backend, to.host_table);
  const Buffer transforms = upload(backend, test.transforms);
  backend.warp({count, test.height, test.width, test.channels, static_cast<const Map*>(from_table.data()),
                static_cast<const Map*>(to_table.data()), static_cast<const WarpTransform*>(transforms.data())});
  backend.synchronize();

  warp_reference({count, test.height, test.width, test.channels, from.plain_table.data(), to.plain_table.data(),
                  test.transforms.data()});
  for (int n = 0; n < count; ++n)
    expect_map(backend, to, n, channel_stride(test.channels), test.height, test.width, tolerance,
               backend.name() + " warp, " + test.name + ", map " + std::to_string(n));
}

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

void check_decode(Backend& backend, const Tolerance& tolerance, const DecodeCase& test, DecodeMethod method) {
  Random random(3);
  std::vector<float> planes;
  for (int i = 0; i < test.people * test.joints; ++i) {
    const std::vector<float> map = heatmap(random, i, test.height, test.width);
    planes.insert(planes.end(), map.begin(), map.end());
  }
  const Maps maps(backend, test.people, test.joints, test.height, test.width, planes);
  const Buffer table = upload(backend, maps.host_table);
  std::vector<float> got(size_t(test.people) * test.joints * 3, NAN), wanted(got.size());
  Buffer out = upload(backend, got);
  backend.decode({test.people, test.joints, test.height, test.width, method, static_cast<const Map*>(table.data()),
                  static_cast<float*>(out.data())});
  backend.synchronize();
  backend.download(got.data(), out.data(), got.size() * sizeof(float));
  decode_reference({test.people, test.joints, test.height, test.width, method, maps.plain_table.data(), wanted.data()});
  expect_close(got, wanted, tolerance.nmse, 1e-3,
               backend.name() + " decode, " + test.name + (method == DecodeMethod::dark ? ", dark" : ", quarter"));
}

}  // namespace

void check_kernels(Backend& backend, const Tolerance& tolerance, int max_pixels) {
  const auto wanted = [&](const auto& test) { return test.height * test.width <= max_pixels; };
  for (const IngestCase& test : kIngestCases)
    if (wanted(test)) check_ingest(backend, tolerance, test);
  for (const WarpCase& test : kWarpCases)
    if (wanted(test)) check_warp(backend, tolerance, test);
  for (const ConvCase& test : kConvCases)
    if (wanted(test)) check_conv(backend, tolerance, test);
  for (const Conv2dCase& test : kConv2dCases)
    if (backend.layers() && wanted(test)) check_conv2d(backend, tolerance, test);
  for (const DecodeCase& test : kDecodeCases)
    for (DecodeMethod method : {DecodeMethod::quarter, DecodeMethod::dark})
      if (wanted(test)) check_decode(backend, tolerance, test, method);
}

}  // namespace glpose
