#pragma once
#include <climits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/layers.h"
#include "network/spec.h"

namespace glpose {

/// How long one layer of a pass took.
struct LayerTiming {
  std::string name;
  double macs;  // of its definition, all images; 0 for other layers than convolutions
  double milliseconds;
};

/// A network on one backend. Its maps share one arena, planned by their lifetimes; after the first pass of a batch size nothing is
/// allocated. Thread-safe: passes take turns.
class Network {
 public:
  /// Throws DEVICE where the backend runs no networks.
  Network(std::vector<MapSize> maps, int inputs, std::vector<int> outputs, std::unique_ptr<Backend> backend);

  /// The next layer; its weights are taken into the backend's own form. Throws MODEL where it does not fit.
  void add(Layer layer);

  const std::vector<MapSize>& maps() const { return maps_; }
  int inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  std::string device() const { return backend_->name(); }

  /// @param given one for each input, [count, C, h, w]  @param results one for each output, [count, C, h, w]  @param timings or null
  /// Where memory is short, a few images at a time. Throws MODEL where an output has no layer, MEMORY where one image is too many.
  void run(const std::vector<const float*>& given, int count, const std::vector<float*>& results, std::vector<LayerTiming>* timings = nullptr);

 private:
  void reserve(int count);
  void run_some(const std::vector<const float*>& given, int count, const std::vector<float*>& results,
                std::vector<LayerTiming>* timings);
  const Map* table(int map) const { return static_cast<const Map*>(tables_.data()) + size_t(map) * count_; }
  void run_layer(size_t index, int count);

  std::vector<MapSize> maps_;
  const int inputs_;
  std::vector<int> outputs_;
  std::unique_ptr<Backend> backend_;
  std::mutex turn_;
  std::vector<Layer> layers_;
  std::vector<bool> made_;
  std::vector<std::unique_ptr<PreparedConv2d>> convs_;  // of each layer; null for other layers
  std::vector<Buffer> taps_;                            // of each layer: rows, then columns; empty for others than resizes
  int at_once_ = INT_MAX;  // images that memory was found to be enough for
  // of the largest batch so far
  int count_ = 0;
  Buffer arena_, tables_;  // tables_: [maps, count]
};

}  // namespace glpose
