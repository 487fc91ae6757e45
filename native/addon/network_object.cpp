#include "addon/network_object.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "addon/arguments.h"
#include "addon/object_factory.h"
#include "addon/task.h"

namespace glpose {

template <>
const napi_type_tag Held<NetworkImage>::kTag = {0x6d9a1f0c52b84e37, 0x9c03e1d7a4f5b268};
template <>
const napi_type_tag Held<KeptOutput>::kTag = {0x31c7e85ba90d4f62, 0xb5f2086e7d1943ac};

namespace {

// Far above any real network; keeps every product of sizes within an int.
constexpr int kMaxMaps = 1 << 20, kMaxChannels = 1 << 13, kMaxSide = 1 << 14, kMaxImages = 1 << 10, kMaxImageSide = 1 << 15;
constexpr size_t kMaxMapFloats = 1 << 26;

Napi::Array array_of(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw Error("INTERNAL", std::string("expected an array for ") + name);
  return value.As<Napi::Array>();
}

std::vector<MapSize> read_maps(const Napi::Value& value) {
  const Napi::Array array = array_of(value, "maps");
  if (array.Length() > kMaxMaps) throw Error("MODEL", "a network of too many maps");
  std::vector<MapSize> maps;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object map = object_argument(array.Get(i), "map");
    maps.push_back({int_member(map, "channels", 1, kMaxChannels), int_member(map, "height", 1, kMaxSide),
                    int_member(map, "width", 1, kMaxSide)});
    const MapSize& size = maps.back();
    if (size_t(channel_stride(size.channels)) * size.height * size.width > kMaxMapFloats)
      throw Error("MODEL", "a network's map has more than " + std::to_string(kMaxMapFloats) + " values");
  }
  return maps;
}

std::vector<int> read_map_numbers(const Napi::Value& value, const char* name) {
  const Napi::Array array = array_of(value, name);
  std::vector<int> numbers;
  for (uint32_t i = 0; i < array.Length(); ++i) numbers.push_back(int_value(array.Get(i), name, 0, kMaxMaps));
  return numbers;
}

LayerEnd read_end(const Napi::Object& layer) {
  const Napi::Object activation = object_argument(layer.Get("activation"), "activation");
  const std::string kind = activation.Get("kind").ToString();
  LayerEnd end;
  if (kind == "sigmoid") end.sigmoid = true;
  else if (kind == "clip") {
    end.low = activation.Get("low").ToNumber().FloatValue();
    end.high = activation.Get("high").ToNumber().FloatValue();
    if (!(end.low <= end.high)) throw Error("MODEL", "a layer's bounds are not in order");
  } else if (kind != "linear") {
    throw Error("INTERNAL", "expected linear, clip or sigmoid for activation");
  }
  return end;
}

ConvLayer read_conv(const Napi::Object& layer, const std::vector<MapSize>& maps) {
  ConvLayer conv;
  Conv2dWeights& w = conv.weights;
  conv.source = int_member(layer, "source", 0, int(maps.size()) - 1);
  const Napi::Value addend = layer.Get("addend");
  if (!addend.IsNull()) conv.addend = int_value(addend, "addend", 0, int(maps.size()) - 1);
  w.kernel = int_member(layer, "kernel", 1, kLargestKernel);
  w.stride = int_member(layer, "stride", 1, kLargestStride);
  w.pad_top = int_member(layer, "padTop", 0, w.kernel - 1);
  w.pad_left = int_member(layer, "padLeft", 0, w.kernel - 1);
  w.depthwise = layer.Get("depthwise").ToBoolean();
  w.in_channels = maps[conv.source].channels;
  w.out_channels = maps[int_member(layer, "out", 0, int(maps.size()) - 1)].channels;
  conv.end = read_end(layer);
  const auto bias = floats_copy(layer, "bias", w.out_channels);
  w.bias = *bias;
  // Bytes, as they may lie anywhere in the file.
  const size_t count = size_t(w.depthwise ? 1 : w.in_channels) * w.out_channels * w.kernel * w.kernel;
  const auto bytes = array_member<Napi::Uint8Array>(layer, "weight", napi_uint8_array, count * sizeof(float));
  w.weight.resize(count);
  std::memcpy(w.weight.data(), bytes.Data(), count * sizeof(float));
  return conv;
}

std::vector<AxisTap> read_taps(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "taps");
  const Napi::Value weight = object.Get("weight");
  const size_t count = weight.IsTypedArray() ? weight.As<Napi::TypedArray>().ElementLength() : 0;
  const auto first = array_copy<Napi::Int32Array>(object, "first", napi_int32_array, count);
  const auto second = array_copy<Napi::Int32Array>(object, "second", napi_int32_array, count);
  const auto weights = floats_copy(object, "weight", count);
  std::vector<AxisTap> taps;
  for (size_t i = 0; i < count; ++i) taps.push_back({(*first)[i], (*second)[i], (*weights)[i]});
  return taps;
}

Layer read_layer(const Napi::Object& object, const std::vector<MapSize>& maps) {
  Layer layer;
  layer.name = object.Get("name").ToString();
  layer.out = int_member(object, "out", 0, int(maps.size()) - 1);
  const std::string op = object.Get("op").ToString();
  const auto map_member = [&](const char* name) { return int_member(object, name, 0, int(maps.size()) - 1); };
  if (op == "conv") layer.op = read_conv(object, maps);
  else if (op == "sum") {
    SumLayer sum;
    const Napi::Array terms = array_of(object.Get("terms"), "terms");
    for (uint32_t i = 0; i < terms.Length(); ++i) {
      const Napi::Object term = object_argument(terms.Get(i), "term");
      sum.terms.push_back({int_member(term, "map", 0, int(maps.size()) - 1), int_member(term, "factor", 1, kMaxSide)});
    }
    sum.end = read_end(object);
    layer.op = sum;
  } else if (op == "product") {
    const std::vector<int> sources = read_map_numbers(object.Get("sources"), "sources");
    if (sources.size() != 2) throw Error("INTERNAL", "expected two sources for a product");
    layer.op = ProductLayer{sources[0], sources[1]};
  } else if (op == "concat") {
    layer.op = ConcatLayer{read_map_numbers(object.Get("sources"), "sources")};
  } else if (op == "resize") {
    layer.op = ResizeLayer{map_member("source"), read_taps(object.Get("rows")), read_taps(object.Get("columns"))};
  } else if (op == "pool") {
    PoolLayer pool;
    pool.source = map_member("source");
    pool.max = std::string(object.Get("kind").ToString()) == "max";
    pool.kernel_height = int_member(object, "kernelHeight", 1, kMaxSide);
    pool.kernel_width = int_member(object, "kernelWidth", 1, kMaxSide);
    pool.stride = int_member(object, "stride", 1, kMaxSide);
    pool.pad_top = int_member(object, "padTop", 0, kMaxSide);
    pool.pad_left = int_member(object, "padLeft", 0, kMaxSide);
    layer.op = pool;
  } else if (op == "locate") {
    const float offset = object.Get("offset").ToNumber().FloatValue();
    layer.op = LocateLayer{map_member("heatmaps"), map_member("regress"), map_member("center"), map_member("expected"), offset};
  } else if (op == "decode") {
    layer.op = DecodeLayer{map_member("heatmaps"), decode_method(object.Get("method"))};
  } else if (op == "peaks") {
    layer.op = PeaksLayer{map_member("heatmaps"), object.Get("offsets").IsNull() ? -1 : map_member("offsets")};
  } else if (op == "pose") {
    layer.op = PoseLayer{map_member("heatmaps"), map_member("offsets"),  map_member("regress"),
                         map_member("center"),   map_member("expected"), pose_trust(object.Get("offset"), object.Get("softness"))};
  } else {
    throw Error("INTERNAL", "unknown layer " + op);
  }
  return layer;
}

/// What an input is filled from, with the memory that it is in.
struct InputCopy {
  std::shared_ptr<const std::vector<float>> planes;
  std::vector<NetworkWindow> windows;
  NetworkInput input;
};

InputCopy read_windows(const Napi::Object& object, int count) {
  InputCopy copy;
  const Napi::Array images = array_of(object.Get("images"), "images");
  const auto windows = array_copy<Napi::Float64Array>(object, "windows", napi_float64_array, size_t(count) * 4);
  const auto mirrored = array_copy<Napi::Uint8Array>(object, "mirrored", napi_uint8_array, count);
  const auto mean = floats_copy(object, "mean", 3), std = floats_copy(object, "std", 3);
  for (double value : *windows)
    if (!std::isfinite(value)) throw Error("INTERNAL", "expected finite numbers for windows");
  for (int i = 0; i < count; ++i) {
    const double* window = windows->data() + 4 * i;
    copy.windows.push_back({Held<NetworkImage>::of(images.Get(uint32_t(i)), "an image"), window[0], window[1], window[2],
                            (*mirrored)[i] != 0});
  }
  for (int c = 0; c < 3; ++c) {
    copy.input.mean[c] = (*mean)[c];
    copy.input.inv_std[c] = 1 / (*std)[c];
  }
  return copy;
}

/// The JavaScript face of a Network.
class NetworkObject : public Napi::ObjectWrap<NetworkObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeNetwork",
                       {InstanceAccessor<&NetworkObject::device>("device"), InstanceMethod<&NetworkObject::add>("add"),
                        InstanceMethod<&NetworkObject::image>("image"), InstanceMethod<&NetworkObject::run>("run"),
                        InstanceMethod<&NetworkObject::dispose>("dispose")});
  }

  explicit NetworkObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NetworkObject>(info) {
    guarded(info.Env(), [&] {
      const std::string device = info[3].IsString() ? info[3].As<Napi::String>().Utf8Value() : "";
      network_ = std::make_shared<Network>(read_maps(info[0]), int_value(info[1], "inputs", 0, kMaxMaps),
                                           read_map_numbers(info[2], "outputs"), select_backend(device));
      device_ = network_->device();
    });
  }

 private:
  std::shared_ptr<Network> network() const {
    if (!network_) throw Error("INTERNAL", "the network was used after it was disposed");
    return network_;
  }

  Napi::Value device(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), device_); }

  Napi::Value add(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const std::shared_ptr<Network> network = this->network();
      network->add(read_layer(object_argument(info[0], "layer"), network->maps()));
      return info.Env().Undefined();
    });
  }

  Napi::Value image(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const std::shared_ptr<Network> network = this->network();
      const Napi::Object image = object_argument(info[0], "image");
      const int width = int_member(image, "width", 1, kMaxImageSide), height = int_member(image, "height", 1, kMaxImageSide);
      const auto data = array_member<Napi::Uint8Array>(image, "data", napi_uint8_array, size_t(width) * height * 3);
      return Held<NetworkImage>::give(info.Env(), network->image(data.Data(), width, height));
    });
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    return guarded(env, [&]() -> Napi::Value {
      const std::shared_ptr<Network> network = this->network();
      const Napi::Object batch = object_argument(info[0], "batch");
      const int count = int_member(batch, "count", 1, kMaxImages);
      const auto floats_of = [&](int map) {
        const MapSize& size = network->maps()[map];
        return size_t(count) * size.channels * size.height * size.width;
      };
      const int kept = batch.Get("keep").IsUndefined()
                           ? -1
                           : int_member(batch, "keep", 0, int(network->outputs().size()) - 1);
      const bool timed = batch.Get("timings").ToBoolean();
      const bool given = !batch.Get("into").IsUndefined();
      const Napi::Array into = given ? array_of(batch.Get("into"), "into") : Napi::Array::New(env);
      // A caller's arrays may go while work is under way: they are filled when the work is done.
      const auto results = std::make_shared<std::vector<std::vector<float>>>();  // empty: not wanted, or stays
      for (size_t i = 0; i < network->outputs().size(); ++i) {
        const size_t floats = floats_of(network->outputs()[i]);
        results->emplace_back();
        if (int(i) == kept) {
          into.Set(uint32_t(i), env.Null());
          continue;
        }
        if (!given) into.Set(uint32_t(i), new_floats(env, floats));
        else if (into.Get(uint32_t(i)).IsNull()) continue;
        else checked(into, i, floats);
        results->back().resize(floats);
      }
      const auto timings = std::make_shared<std::vector<LayerTiming>>();
      const auto stays = std::make_shared<std::shared_ptr<KeptOutput>>();
      const auto inputs = std::make_shared<std::vector<InputCopy>>();
      const Napi::Array images = array_of(batch.Get("inputs"), "inputs");
      for (int map = 0; map < network->inputs(); ++map) {
        const Napi::Value value = images.Get(uint32_t(map));
        if (value.IsObject() && !value.IsTypedArray()) {
          inputs->push_back(read_windows(value.As<Napi::Object>(), count));
        } else {
          inputs->emplace_back();
          inputs->back().planes = copy_of(floats_value(value, "an input", floats_of(map)));
        }
      }
      return Task::start(
          env, {into},
          [network, inputs, count, kept, results, stays, timings, timed] {
            std::vector<NetworkInput> from;
            for (InputCopy& copy : *inputs) {
              if (copy.planes) copy.input.planes = copy.planes->data();
              else copy.input.windows = copy.windows.data();
              from.push_back(copy.input);
            }
            std::vector<NetworkResult> to;
            for (std::vector<float>& result : *results) to.push_back({result.empty() ? nullptr : result.data()});
            if (kept >= 0) {
              *stays = network->keep(kept, count);
              to[kept] = {static_cast<float*>((*stays)->buffer.data()), true};
            }
            network->run(from, count, to, timed ? timings.get() : nullptr);
            inputs->clear();  // on this thread, and not when JavaScript comes to it
          },
          [results, stays, kept, timings](Napi::Env env, const Task::Kept& keeper) -> Napi::Value {
            const Napi::Array into = keeper[0].Value().As<Napi::Array>();
            for (size_t i = 0; i < results->size(); ++i) {
              const std::vector<float>& result = (*results)[i];
              if (result.empty()) continue;
              std::copy(result.begin(), result.end(), const_cast<float*>(checked(into, i, result.size()).Data()));
            }
            Napi::Object answer = Napi::Object::New(env);
            answer.Set("outputs", into);
            if (kept >= 0) answer.Set("kept", Held<KeptOutput>::give(env, std::move(*stays)));
            Napi::Array list = Napi::Array::New(env);
            for (const LayerTiming& timing : *timings) {
              Napi::Object entry = Napi::Object::New(env);
              entry.Set("name", timing.name);
              entry.Set("macs", timing.macs);
              entry.Set("milliseconds", timing.milliseconds);
              list.Set(list.Length(), entry);
            }
            answer.Set("timings", list);
            return answer;
          });
    });
  }

  /// The i-th of the arrays to fill.
  static Napi::Float32Array checked(const Napi::Array& into, size_t i, size_t floats) {
    return floats_value(into.Get(uint32_t(i)), "an output", floats);
  }
  static std::shared_ptr<const std::vector<float>> copy_of(const Napi::Float32Array& array) {
    return std::make_shared<const std::vector<float>>(array.Data(), array.Data() + array.ElementLength());
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    network_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<Network> network_;
  std::string device_;
};

}  // namespace

Napi::Function define_create_network(Napi::Env env) {
  return define_factory(env, NetworkObject::define(env), "createNetwork");
}

}  // namespace glpose
