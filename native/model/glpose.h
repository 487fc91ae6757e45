#pragma once
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "model/aggregation.h"
#include "model/enhancement.h"
#include "model/shape.h"

namespace glpose {

/// A stored map V: kept, with the backend whose memory it is, until nobody refers to it.
struct OwnedMap {
  std::shared_ptr<Backend> backend;
  Buffer buffer;  // destroyed before `backend`
};
using StoredMap = std::shared_ptr<const OwnedMap>;

/// One batch of people for GlposeHead::estimate; host memory.
struct EstimateArgs {
  int people = 0;
  std::vector<StoredMap> keys;        // [B]
  std::vector<StoredMap> references;  // [B, R]
  const float* weights = nullptr;     // [B, R, C] or [B, R]
  /// [B, R], or null where every reference is of the key's window: from the key's cells to the reference's.
  const WarpTransform* transforms = nullptr;
  /// [B, 1 + 2k, O, J, 2], see ConditionsArgs; with conditions only.
  const float* expected = nullptr;
  int expected_people = 0;  // O
  bool weight_per_channel = false;
  DecodeMethod decode = DecodeMethod::quarter;
  float* joints = nullptr;    // out [B, K, 3]
  float* peaks = nullptr;     // out [B, K, kMostPeaks, 3] or null, see PeaksArgs
  float* heatmaps = nullptr;  // out [B, K, h, w] or null
  float* masks = nullptr;     // out [B, W, h, w] or null
  std::vector<ConvTiming>* timings = nullptr;  // out: each convolution of each pass; or null
};

/// The GLPose head on one device: V_t, V_l, V_g → S → F → H → joints. Thread-safe: calls take turns, with all that is on its backend.
class GlposeHead {
 public:
  /// Throws MODEL where the tensors do not fit the shape.
  GlposeHead(const HeadShape& shape, const TensorMap& tensors, std::shared_ptr<Backend> backend);
  ~GlposeHead();

  const HeadShape& shape() const { return shape_; }
  std::string device() const { return backend_->name(); }
  /// See Backend.
  bool ingests_at_once() const { return backend_->ingests_at_once(); }

  /// Stores `count` extractor maps [count, C, h, w] and writes their embeddings [count, C]; see kernels/ingest/ingest.h.
  /// @param here whether `features` are in the memory of a backend of this device, and nothing is on its way there
  std::vector<StoredMap> ingest(const float* features, int count, float* embeddings, bool here = false);
  void estimate(const EstimateArgs& args);

 private:
  /// @param turn the backend's
  GlposeHead(const HeadShape& shape, const TensorMap& tensors, std::shared_ptr<Backend> backend,
             const std::unique_lock<std::mutex>& turn);

  struct Scratch;
  /// Floats from one map's weights to the next's: the widest map's channels.
  int scale_stride() const {
    return channel_stride(shape_.conditions ? std::max(shape_.channels, condition_channels(shape_.k)) : shape_.channels);
  }
  void reserve_scratch(int people, bool masks);
  void make_conditions(const EstimateArgs& args, int first, int people);
  void warp_references(const EstimateArgs& args, int first, int people);
  void estimate_some(const EstimateArgs& args, int first, int people);

  HeadShape shape_;
  std::vector<float> inv_std_;
  std::shared_ptr<Backend> backend_;  // outlives every buffer below
  Aggregation aggregation_;
  std::optional<Enhancement> enhancement_;
  std::unique_ptr<PreparedConv> head_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace glpose
