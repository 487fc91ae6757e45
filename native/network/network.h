#pragma once
#include <climits>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/layers.h"
#include "network/image.h"
#include "network/spec.h"

namespace glpose {

/// How long one layer of a pass took.
struct LayerTiming {
  std::string name;
  double macs;  // of its definition, all images; 0 for other layers than convolutions
  double milliseconds;
};

/// What fills an input.
struct NetworkInput {
  const float* planes = nullptr;  // [count, C, h, w] on the host; null: windows, of an input of three channels
  const NetworkWindow* windows = nullptr;  // [count]
  float mean[3] = {}, inv_std[3] = {};     // of their colours
};

/// An output that stays in the backend's memory, for a head on the same device.
struct KeptOutput {
  std::shared_ptr<Backend> backend;
  Buffer buffer;  // planes [count, C, h, w]; destroyed before `backend`
  int count;
  MapSize size;

  const float* planes() const { return static_cast<const float*>(buffer.data()); }
};

/// Where an output goes, [count, C, h, w]: to the host, or to a `KeptOutput`; null where nobody wants it.
struct NetworkResult {
  float* planes;
  bool stay = false;
};

/// A network on one backend. Its maps share one arena, planned by their lifetimes; after the first pass of a batch size nothing is
/// allocated. Thread-safe: passes take turns, with all that is on its backend.
class Network {
 public:
  /// Throws DEVICE where the backend runs no networks.
  Network(std::vector<MapSize> maps, int inputs, std::vector<int> outputs, std::shared_ptr<Backend> backend);
  ~Network();

  /// The next layer; its weights are taken into the backend's own form. Throws MODEL where it does not fit.
  void add(Layer layer);

  const std::vector<MapSize>& maps() const { return maps_; }
  int inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  std::string device() const { return backend_->name(); }

  /// For windows of it, of all networks on this backend. Throws MEMORY, DEVICE.
  std::shared_ptr<NetworkImage> image(const uint8_t* bytes, int width, int height) const {
    return std::make_shared<NetworkImage>(backend_, bytes, width, height);
  }
  /// Room for an output that is to stay. @param output its place among the outputs. Throws MEMORY.
  std::shared_ptr<KeptOutput> keep(int output, int count) const;

  /// @param given one for each input  @param results one for each output  @param timings or null
  /// All results are there when it returns. Where memory is short, a few images at a time. Throws MODEL where an output has no layer,
  /// MEMORY where one image is too many, INTERNAL where windows are not of this backend's images, or of an input of other channels,
  /// or where numbers are to stay.
  void run(const std::vector<NetworkInput>& given, int count, const std::vector<NetworkResult>& results,
           std::vector<LayerTiming>* timings = nullptr);

 private:
  void reserve(int count);
  void run_some(const std::vector<NetworkInput>& given, int count, const std::vector<NetworkResult>& results,
                std::vector<LayerTiming>* timings);
  void fill(int input, const NetworkInput& given, int count);
  size_t floats_of(int map) const { return size_t(maps_[map].channels) * maps_[map].height * maps_[map].width; }
  const Map* table(int map) const { return static_cast<const Map*>(tables_.data()) + size_t(map) * count_; }
  void run_layer(size_t index, int count);
  void read_out(const Layer& layer, int count, float* out);

  std::vector<MapSize> maps_;
  const int inputs_;
  std::vector<int> outputs_;
  std::shared_ptr<Backend> backend_;  // outlives every buffer below
  std::vector<Layer> layers_;
  std::vector<Made> made_;
  std::vector<std::unique_ptr<PreparedConv2d>> convs_;  // of each layer; null for other layers
  std::vector<Buffer> taps_;                            // of each layer: rows, then columns; empty for others than resizes
  int at_once_ = INT_MAX;  // images that memory was found to be enough for
  // of the largest batch so far
  int count_ = 0;
  Buffer arena_, tables_;        // tables_: [maps, count]
  std::vector<Buffer> numbers_;  // [maps], of read-outs: [count, C]
};

}  // namespace glpose
