#include "network/network.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "backend/error.h"
#include "network/memory_plan.h"

namespace glpose {

Network::Network(std::vector<MapSize> maps, int inputs, std::vector<int> outputs, std::shared_ptr<Backend> backend)
    : maps_(std::move(maps)), inputs_(inputs), outputs_(std::move(outputs)), backend_(std::move(backend)), made_(maps_.size()) {
  if (!backend_->layers()) throw Error("DEVICE", "networks do not run on " + backend_->name());
  if (inputs_ < 1 || inputs_ > int(maps_.size())) throw Error("MODEL", "a network without its inputs");
  std::fill_n(made_.begin(), inputs_, Made::map);
  for (int output : outputs_)
    if (output < 0 || output >= int(maps_.size())) throw Error("MODEL", "an output that is no map");
}

Network::~Network() {
  std::lock_guard turn(backend_->turn());
  backend_->forget(this);
}

void Network::add(Layer layer) {
  std::lock_guard turn(backend_->turn());
  check_layer(maps_, made_, layer);
  std::unique_ptr<PreparedConv2d> conv;
  Buffer taps;
  if (auto* own = std::get_if<ConvLayer>(&layer.op)) {
    own->weights.name = layer.name;
    conv = backend_->layers()->prepare(own->weights);
    own->weights.weight = std::vector<float>();  // gives the memory back
  }
  if (const auto* resize = std::get_if<ResizeLayer>(&layer.op)) {
    const size_t rows = resize->rows.size() * sizeof(AxisTap), columns = resize->columns.size() * sizeof(AxisTap);
    taps = Buffer(*backend_, rows + columns);
    backend_->upload(taps.data(), resize->rows.data(), rows);
    backend_->upload(static_cast<char*>(taps.data()) + rows, resize->columns.data(), columns);
    backend_->synchronize();
  }
  made_[layer.out] = made_by(layer);
  layers_.push_back(std::move(layer));
  convs_.push_back(std::move(conv));
  taps_.push_back(std::move(taps));
  count_ = 0;  // lifetimes have changed
}

/// An arena for passes of up to `count` images: every map's images lie one after the other.
void Network::reserve(int count) {
  if (count <= count_) return;
  for (int output : outputs_)
    if (made_[output] == Made::nothing) throw Error("MODEL", "an output that no layer makes");
  const int end = int(layers_.size());
  std::vector<Lifetime> lifetimes;
  for (size_t i = 0; i < maps_.size(); ++i) {
    const auto [channels, height, width] = maps_[i];
    lifetimes.push_back({made_[i] == Made::numbers ? 0 : backend_->map_bytes(height, width, channels), 0, 0});
  }
  for (int i = 0; i < end; ++i) {
    lifetimes[layers_[i].out].first = lifetimes[layers_[i].out].last = i + 1;
    for (int map : sources_of(layers_[i])) lifetimes[map].last = i + 1;
  }
  for (int output : outputs_) lifetimes[output].last = end + 1;

  count_ = 0;
  backend_->forget(this);
  arena_ = Buffer();  // first give back, then take more
  tables_ = Buffer();
  numbers_.clear();
  numbers_.resize(maps_.size());
  const MemoryPlan plan = plan_memory(lifetimes);
  arena_ = Buffer(*backend_, plan.bytes * count);
  for (size_t i = 0; i < maps_.size(); ++i)
    if (made_[i] == Made::numbers) numbers_[i] = Buffer(*backend_, count * floats_of(int(i)) * sizeof(float));
  std::vector<Map> tables;
  for (size_t map = 0; map < maps_.size(); ++map)
    for (int image = 0; image < count; ++image)
      tables.push_back({static_cast<char*>(arena_.data()) + plan.offsets[map] * count + lifetimes[map].bytes * image});
  tables_ = Buffer(*backend_, tables.size() * sizeof(Map));
  backend_->upload(tables_.data(), tables.data(), tables.size() * sizeof(Map));
  count_ = count;
}

std::shared_ptr<KeptOutput> Network::keep(int output, int count) const {
  const size_t bytes = count * floats_of(outputs_[output]) * sizeof(float);
  return std::make_shared<KeptOutput>(KeptOutput{backend_, Buffer(*backend_, bytes), count, maps_[outputs_[output]]});
}

void Network::run(const std::vector<NetworkInput>& given, int count, const std::vector<NetworkResult>& results,
                  std::vector<LayerTiming>* timings) {
  std::lock_guard turn(backend_->turn());
  if (timings)
    for (const Layer& layer : layers_) timings->push_back({layer.name, 0, 0});
  for (int first = 0; first < count;) {
    const int some = std::min(at_once_, count - first);
    std::vector<NetworkInput> inputs = given;
    for (int input = 0; input < inputs_; ++input) {
      if (inputs[input].planes) inputs[input].planes += first * floats_of(input);
      else inputs[input].windows += first;
    }
    std::vector<NetworkResult> outputs = results;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i].planes) outputs[i].planes += first * floats_of(outputs_[i]);
    try {
      run_some(inputs, some, outputs, timings);
      first += some;
    } catch (const Error& error) {
      if (std::strcmp(error.code(), "MEMORY") != 0 || some == 1) throw;
      at_once_ = some / 2;
    }
  }
}

void Network::fill(int input, const NetworkInput& given, int count) {
  const auto [channels, height, width] = maps_[input];
  if (given.planes) return backend_->layers()->load({count, maps_[input], given.planes, table(input)});
  if (channels != 3) throw Error("INTERNAL", "windows of images for an input of " + std::to_string(channels) + " channels");
  std::vector<ImageWindow> windows;
  for (int i = 0; i < count; ++i) {
    const auto& [image, x, y, window_width, mirrored] = given.windows[i];
    if (!image->belongs_to(*backend_)) throw Error("INTERNAL", "an image that was given to a network of another device");
    windows.push_back({image->data(), image->width(), image->height(), x, y, window_width, mirrored});
  }
  CropMapsArgs args{count, height, width, windows.data(), {}, {}, table(input)};
  std::copy_n(given.mean, 3, args.mean);
  std::copy_n(given.inv_std, 3, args.inv_std);
  backend_->layers()->crop(args);
}

/// As `run`, all of them at once.
void Network::run_some(const std::vector<NetworkInput>& given, int count, const std::vector<NetworkResult>& results,
                       std::vector<LayerTiming>* timings) {
  reserve(count);
  for (int input = 0; input < inputs_; ++input) fill(input, given[input], count);
  if (timings) {
    using Clock = std::chrono::steady_clock;
    for (size_t i = 0; i < layers_.size(); ++i) {
      backend_->synchronize();
      const Clock::time_point start = Clock::now();
      run_layer(i, count);
      backend_->synchronize();
      const MapSize out = maps_[layers_[i].out];
      const double macs = convs_[i] ? convs_[i]->macs_per_pixel() * count * out.height * out.width : 0;
      (*timings)[i].macs += macs;
      (*timings)[i].milliseconds += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
  } else {
    backend_->replay(this, uint64_t(count), [&] {
      for (size_t i = 0; i < layers_.size(); ++i) run_layer(i, count);
    });
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const int map = outputs_[i];
    const auto [to, stay] = results[i];
    if (!to) continue;
    if (made_[map] == Made::map) backend_->layers()->unload({count, maps_[map], table(map), to, stay});
    else if (stay) throw Error("INTERNAL", "numbers do not stay on a device");
    else backend_->download(to, numbers_[map].data(), count * floats_of(map) * sizeof(float));
  }
  backend_->synchronize();  // what stays is read by whoever asks for it
  for (const NetworkInput& input : given)
    for (int i = 0; !input.planes && i < count; ++i) input.windows[i].image->arrived();
}

void Network::run_layer(size_t index, int count) {
  Layers& backend = *backend_->layers();
  const Layer& layer = layers_[index];
  const MapSize size = maps_[layer.out];
  const Map* out = table(layer.out);
  if (const auto* own = std::get_if<ConvLayer>(&layer.op)) {
    const MapSize in = maps_[own->source];
    backend.conv2d({convs_[index].get(), count, in.height, in.width, size.height, size.width, table(own->source),
                    own->addend < 0 ? nullptr : table(own->addend), out, own->end});
  } else if (const auto* sum = std::get_if<SumLayer>(&layer.op)) {
    std::vector<SumArgs::Term> terms;
    for (const SumLayer::Term& term : sum->terms) terms.push_back({table(term.map), term.factor});
    backend.sum({count, size, terms.data(), int(terms.size()), out, sum->end});
  } else if (const auto* product = std::get_if<ProductLayer>(&layer.op)) {
    backend.product({count, size, table(product->a), table(product->b), out});
  } else if (const auto* concat = std::get_if<ConcatLayer>(&layer.op)) {
    std::vector<const Map*> sources;
    std::vector<int> channels;
    for (int source : concat->sources) {
      sources.push_back(table(source));
      channels.push_back(maps_[source].channels);
    }
    backend.concat({count, size.height, size.width, sources.data(), channels.data(), int(sources.size()), out});
  } else if (const auto* resize = std::get_if<ResizeLayer>(&layer.op)) {
    const auto* taps = static_cast<const AxisTap*>(taps_[index].data());
    backend.resize({count, maps_[resize->source], size.height, size.width, taps, taps + size.height, table(resize->source), out});
  } else if (const auto* pool = std::get_if<PoolLayer>(&layer.op)) {
    backend.pool({count, maps_[pool->source], size.height, size.width, pool->max, pool->kernel_height, pool->kernel_width,
                  pool->stride, pool->pad_top, pool->pad_left, table(pool->source), out});
  } else if (const auto* locate = std::get_if<LocateLayer>(&layer.op)) {
    backend.locate({count, size, locate->offset, table(locate->heatmaps), table(locate->regress), table(locate->center),
                    table(locate->expected), out});
  } else {
    read_out(layer, count, static_cast<float*>(numbers_[layer.out].data()));
  }
}

/// The layers that make numbers. @param out [count, C]
void Network::read_out(const Layer& layer, int count, float* out) {
  if (const auto* decode = std::get_if<DecodeLayer>(&layer.op)) {
    const auto [joints, height, width] = maps_[decode->heatmaps];
    backend_->decode({count, joints, height, width, decode->method, table(decode->heatmaps), out});
  } else if (const auto* peaks = std::get_if<PeaksLayer>(&layer.op)) {
    const auto [joints, height, width] = maps_[peaks->heatmaps];
    const Map* offsets = peaks->offsets < 0 ? nullptr : table(peaks->offsets);
    backend_->peaks({count, joints, height, width, table(peaks->heatmaps), offsets, out});
  } else if (const auto* pose = std::get_if<PoseLayer>(&layer.op)) {
    backend_->layers()->pose({count, maps_[pose->heatmaps], pose->trust, table(pose->heatmaps), table(pose->offsets),
                              table(pose->regress), table(pose->center), table(pose->expected), out});
  }
}

}  // namespace glpose
