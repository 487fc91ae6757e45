#include "model/glpose.h"

#include <algorithm>
#include <cstring>

#include "backend/error.h"
#include "model/map_tables.h"

namespace glpose {

/// Everything a pass writes, allocated once for the largest pass so far.
struct GlposeHead::Scratch {
  int people;
  bool masks;
  Buffer maps;
  MapTables tables;
  MapTable gather;     // V_t, the references, conditions
  MapTable key;        // V_t
  MapTable s_and_key;  // S, V_t
  // What the pass writes: names as in the paper, `inner` inside the blocks. M only with `masks`.
  MapTable s, inner, f, h, m;
  MapTable conditions;  // only of a head that has them
  Buffer weights;  // [people, gathered, scale_stride]
  Buffer joints;   // [people, K, 3]
  Buffer peaks;    // [people, K, kMostPeaks, 3]
  Buffer expected;  // joints' places, as in EstimateArgs
  size_t expected_bytes = 0;
  // Resampled references, [people, R]; only once a pass has some.
  Buffer warped;
  Buffer warp_tables;      // from, to
  Buffer warp_transforms;  // [people, R]
  std::vector<float> host_weights;
};

GlposeHead::~GlposeHead() {
  std::lock_guard turn(backend_->turn());
  backend_->forget(this);
}

GlposeHead::GlposeHead(const HeadShape& shape, const TensorMap& tensors, std::shared_ptr<Backend> backend)
    : GlposeHead(shape, tensors, backend, std::unique_lock(backend->turn())) {}

GlposeHead::GlposeHead(const HeadShape& shape, const TensorMap& tensors, std::shared_ptr<Backend> backend,
                       const std::unique_lock<std::mutex>&)
    : shape_(shape),
      backend_(std::move(backend)),
      aggregation_(*backend_, tensors, shape),
      head_(backend_->prepare(conv_with_bias(tensors, "head", shape.kernel, shape.block_width, shape.joints))) {
  if (shape.enhancement) enhancement_.emplace(*backend_, tensors, shape);
  for (float std : shape.feature_std) inv_std_.push_back(1 / std);
}

std::vector<StoredMap> GlposeHead::ingest(const float* features, int count, float* embeddings, bool here) {
  std::unique_lock turn(backend_->turn(), std::defer_lock);
  if (!backend_->ingests_at_once()) turn.lock();
  std::vector<StoredMap> stored;
  std::vector<Map> maps;
  for (int n = 0; n < count; ++n) {
    Buffer buffer(*backend_, backend_->map_bytes(shape_.height, shape_.width, shape_.channels));
    maps.push_back({buffer.data()});
    stored.push_back(std::make_shared<OwnedMap>(OwnedMap{backend_, std::move(buffer)}));
  }
  backend_->ingest({count, shape_.channels, shape_.height, shape_.width, features, shape_.feature_mean.data(),
                 inv_std_.data(), maps.data(), embeddings, here});
  return stored;
}

void GlposeHead::estimate(const EstimateArgs& args) {
  std::lock_guard turn(backend_->turn());
  int at_once = backend_->people_at_once();
  for (int first = 0; first < args.people;) {
    const int people = std::min(at_once, args.people - first);
    try {
      reserve_scratch(people, args.masks != nullptr);
    } catch (const Error& error) {
      if (std::strcmp(error.code(), "MEMORY") != 0 || people == 1) throw;
      at_once = people / 2;
      continue;
    }
    estimate_some(args, first, people);
    first += people;
  }
}

void GlposeHead::reserve_scratch(int people, bool masks) {
  if (scratch_ && scratch_->people >= people && (scratch_->masks || !masks)) return;
  masks = masks || (scratch_ && scratch_->masks);
  backend_->forget(this);
  scratch_.reset();  // first give back, then take more

  auto scratch = std::make_unique<Scratch>();
  Scratch& s = *scratch;
  s.people = people;
  s.masks = masks;
  const size_t inner = backend_->map_bytes(shape_.height, shape_.width, shape_.block_width);
  const size_t heat = backend_->map_bytes(shape_.height, shape_.width, shape_.joints);
  const int inner_maps = masks ? 4 : 3;
  const size_t conditions =
      shape_.conditions ? backend_->map_bytes(shape_.height, shape_.width, condition_channels(shape_.k)) : 0;
  s.maps = Buffer(*backend_, people * (inner_maps * inner + heat + conditions));

  const int gathered = shape_.gathered();
  s.tables = MapTables(*backend_, people, gathered + 1 + 2 + inner_maps + 1 + shape_.conditions);
  s.gather = s.tables.next(gathered);
  s.key = s.tables.next(1);
  s.s_and_key = s.tables.next(2);
  // The rest never changes.
  char* place = static_cast<char*>(s.maps.data());
  s.s = s.tables.next(place, inner);
  s.inner = s.tables.next(place, inner);
  s.f = s.tables.next(place, inner);
  s.h = s.tables.next(place, heat);
  if (masks) s.m = s.tables.next(place, inner);
  if (shape_.conditions) s.conditions = s.tables.next(place, conditions);

  s.host_weights.assign(size_t(people) * gathered * scale_stride(), 0.f);
  s.weights = Buffer(*backend_, s.host_weights.size() * sizeof(float));
  s.joints = Buffer(*backend_, size_t(people) * shape_.joints * 3 * sizeof(float));
  s.peaks = Buffer(*backend_, size_t(people) * shape_.joints * kMostPeaks * 3 * sizeof(float));
  scratch_ = std::move(scratch);
}

/// Resamples the references that are of another window than their key, and has the gather read the results.
void GlposeHead::warp_references(const EstimateArgs& args, int first, int people) {
  Scratch& s = *scratch_;
  const int references = shape_.references();
  std::vector<Map> from, to;
  std::vector<WarpTransform> transforms;
  const size_t bytes = backend_->map_bytes(shape_.height, shape_.width, shape_.channels);
  const size_t most = size_t(s.people) * references;
  for (int p = 0; p < people; ++p) {
    for (int r = 0; r < references; ++r) {
      const WarpTransform t = args.transforms[size_t(first + p) * references + r];
      if (t.scale == 1 && t.shift_x == 0 && t.shift_y == 0) continue;
      if (!s.warped.data()) {
        s.warped = Buffer(*backend_, most * bytes);
        s.warp_tables = Buffer(*backend_, 2 * most * sizeof(Map));
        s.warp_transforms = Buffer(*backend_, most * sizeof(WarpTransform));
      }
      Map& gathered = s.gather.of(p)[1 + r];
      from.push_back(gathered);
      gathered.data = static_cast<char*>(s.warped.data()) + to.size() * bytes;
      to.push_back(gathered);
      transforms.push_back(t);
    }
  }
  if (from.empty()) return;
  Map* tables = static_cast<Map*>(s.warp_tables.data());
  backend_->upload(tables, from.data(), from.size() * sizeof(Map));
  backend_->upload(tables + most, to.data(), to.size() * sizeof(Map));
  backend_->upload(s.warp_transforms.data(), transforms.data(), transforms.size() * sizeof(WarpTransform));
  backend_->warp({int(from.size()), shape_.height, shape_.width, shape_.channels, tables, tables + most,
                  static_cast<const WarpTransform*>(s.warp_transforms.data())});
}

/// Makes the maps of where joints are expected, which the gather reads last.
void GlposeHead::make_conditions(const EstimateArgs& args, int first, int people) {
  Scratch& s = *scratch_;
  const size_t floats = size_t(1 + 2 * shape_.k) * args.expected_people * kConditionJoints * 2;
  const size_t bytes = people * floats * sizeof(float);
  if (bytes > s.expected_bytes) {
    s.expected = Buffer(*backend_, bytes);
    s.expected_bytes = bytes;
  }
  backend_->upload(s.expected.data(), args.expected + first * floats, bytes);
  backend_->conditions({people, shape_.height, shape_.width, shape_.k, args.expected_people,
                        static_cast<const float*>(s.expected.data()), s.conditions.device});
}

void GlposeHead::estimate_some(const EstimateArgs& args, int first, int people) {
  Scratch& s = *scratch_;
  const int references = shape_.references(), gathered = shape_.gathered(), channels = shape_.channels;
  const int stride = scale_stride();
  for (int p = 0; p < people; ++p) {
    const Map key{args.keys[first + p]->buffer.data()};
    Map* gather = s.gather.of(p);
    float* weights = s.host_weights.data() + size_t(p) * gathered * stride;
    *s.key.of(p) = gather[0] = key;
    s.s_and_key.of(p)[0] = *s.s.of(p);
    s.s_and_key.of(p)[1] = key;
    std::fill_n(weights, channels, 1.f);
    for (int r = 0; r < references; ++r) {
      const size_t reference = size_t(first + p) * references + r;
      gather[1 + r] = {args.references[reference]->buffer.data()};
      float* to = weights + size_t(1 + r) * stride;
      if (args.weight_per_channel) std::copy_n(args.weights + reference * channels, channels, to);
      else std::fill_n(to, channels, args.weights[reference]);
    }
    if (!shape_.conditions) continue;
    gather[1 + references] = *s.conditions.of(p);
    std::fill_n(weights + size_t(1 + references) * stride, condition_channels(shape_.k), 1.f);
  }
  if (args.transforms) warp_references(args, first, people);
  s.tables.upload(*backend_);
  backend_->upload(s.weights.data(), s.host_weights.data(), s.host_weights.size() * sizeof(float));
  if (shape_.conditions) make_conditions(args, first, people);

  const Pass pass{*backend_, people, shape_.height, shape_.width, args.timings};
  const Map* mask = args.masks ? s.m.device : nullptr;
  float* joints = static_cast<float*>(s.joints.data());
  const bool dark = args.decode == DecodeMethod::dark;
  const uint64_t key = uint64_t(people) << 2 | uint64_t(dark) << 1 | uint64_t(mask != nullptr);
  const auto enqueue = [&] {
    aggregation_.run(pass, s.gather.device, static_cast<const float*>(s.weights.data()), s.inner.device, s.s.device);
    if (enhancement_)
      enhancement_->run(pass, {s.key.device, s.s.device, s.s_and_key.device, s.inner.device, s.f.device, mask});

    ConvArgs head;  // H: joints' heat maps out of F, or out of S without enhancement
    head.conv = head_.get();
    head.batch = people;
    head.height = shape_.height;
    head.width = shape_.width;
    head.sources = (enhancement_ ? s.f : s.s).device;
    head.out = s.h.device;
    pass.conv(head);
    backend_->decode({people, shape_.joints, shape_.height, shape_.width, args.decode, s.h.device, joints});
  };
  if (args.timings) enqueue();
  else backend_->replay(this, key, enqueue);
  float* peaks = static_cast<float*>(s.peaks.data());
  if (args.peaks) backend_->peaks({people, shape_.joints, shape_.height, shape_.width, s.h.device, nullptr, peaks});
  backend_->synchronize();
  const size_t joint_floats = size_t(shape_.joints) * 3, peak_floats = joint_floats * kMostPeaks;
  backend_->download(args.joints + first * joint_floats, joints, people * joint_floats * sizeof(float));
  if (args.peaks) backend_->download(args.peaks + first * peak_floats, peaks, people * peak_floats * sizeof(float));

  const size_t pixels = size_t(shape_.height) * shape_.width;
  const auto download = [&](float* to, const MapTable& maps, int count) {
    for (int p = 0; to && p < people; ++p)
      backend_->download_map(to + (first + p) * count * pixels, *maps.of(p), shape_.height, shape_.width, count);
  };
  download(args.heatmaps, s.h, shape_.joints);
  if (mask) download(args.masks, s.m, shape_.block_width);
}

}  // namespace glpose
