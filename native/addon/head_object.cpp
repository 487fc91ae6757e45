#include "addon/head_object.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>

#include "addon/arguments.h"
#include "addon/network_object.h"
#include "addon/object_factory.h"
#include "addon/task.h"
#include "model/glpose.h"

namespace glpose {
namespace {

// Far above any real model; keeps every product of sizes within an int.
constexpr int kMaxChannels = 1024, kMaxSide = 1024, kMaxReferences = 256, kMaxPeople = 1 << 16, kMaxExpected = 64;
constexpr size_t kMaxMapFloats = 1 << 25;

HeadShape read_shape(const Napi::Object& object) {
  HeadShape shape;
  shape.channels = int_member(object, "channels", 1, kMaxChannels);
  shape.height = int_member(object, "height", 1, kMaxSide);
  shape.width = int_member(object, "width", 1, kMaxSide);
  shape.block_width = int_member(object, "blockWidth", 1, kMaxChannels);
  shape.joints = int_member(object, "joints", 1, kMaxChannels);
  shape.k = int_member(object, "k", 0, kMaxReferences / 4);
  shape.n = int_member(object, "n", 0, kMaxReferences / 2);
  shape.conditions = object.Get("conditions").ToBoolean();
  shape.enhancement = object.Get("enhancement").ToBoolean();
  if (shape.enhancement) shape.enhancement_blocks = int_member(object, "enhancementBlocks", 1, 64);
  const int condition_maps = shape.conditions ? condition_channels(shape.k) : 0;
  const size_t channels = std::max({shape.channels, shape.block_width, shape.joints, condition_maps});
  if (channels * shape.height * shape.width > kMaxMapFloats)
    throw Error("MODEL", "the head's maps have more than " + std::to_string(kMaxMapFloats) + " values");
  shape.kernel = int_member(object, "kernel", 1, 5);
  if (shape.kernel % 2 == 0) throw Error("INTERNAL", "expected 1, 3 or 5 for kernel");
  const auto floats = [&](const char* name) {
    const Napi::Float32Array array = floats_member(object, name, shape.channels);
    return std::vector<float>(array.Data(), array.Data() + shape.channels);
  };
  shape.feature_mean = floats("featureMean");
  shape.feature_std = floats("featureStd");
  for (float std : shape.feature_std)
    if (!(std > 0)) throw Error("MODEL", "expected positive standard deviations for the head's features");
  return shape;
}

TensorMap read_tensors(const Napi::Object& object) {
  TensorMap tensors;
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString();
    const Napi::Object entry = object_argument(object.Get(name), name.c_str());
    HostTensor tensor;
    const Napi::Array shape = object_argument(entry.Get("shape"), "shape").As<Napi::Array>();
    size_t count = 1;
    for (uint32_t d = 0; d < shape.Length(); ++d) {
      tensor.shape.push_back(int_value(shape.Get(d), "shape", 0, 1 << 24));
      count *= tensor.shape.back();
      if (count > (size_t(1) << 31)) throw Error("MODEL", "the head's tensor " + name + " is too large");
    }
    const Napi::Float32Array data = floats_member(entry, "data", count);
    tensor.data.assign(data.Data(), data.Data() + count);
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

Napi::Array to_array(Napi::Env env, const std::vector<ConvTiming>& timings) {
  Napi::Array array = Napi::Array::New(env);
  for (const ConvTiming& timing : timings) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", timing.name);
    entry.Set("macs", timing.macs);
    entry.Set("milliseconds", timing.milliseconds);
    array.Set(array.Length(), entry);
  }
  return array;
}

/// The JavaScript face of a GlposeHead: handles for its maps, promises for its calls.
class HeadObject : public Napi::ObjectWrap<HeadObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeHead",
                       {InstanceAccessor<&HeadObject::device>("device"), InstanceMethod<&HeadObject::ingest>("ingest"),
                        InstanceMethod<&HeadObject::release>("release"),
                        InstanceMethod<&HeadObject::estimate>("estimate"),
                        InstanceMethod<&HeadObject::dispose>("dispose")});
  }

  explicit HeadObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<HeadObject>(info) {
    guarded(info.Env(), [&] {
      const std::string device = info[2].IsString() ? info[2].As<Napi::String>().Utf8Value() : "";
      std::shared_ptr<Backend> backend = select_backend(device);
      head_ = std::make_shared<GlposeHead>(read_shape(object_argument(info[0], "shape")),
                                           read_tensors(object_argument(info[1], "tensors")), std::move(backend));
      device_ = head_->device();
    });
  }

 private:
  std::shared_ptr<GlposeHead> head() const {
    if (!head_) throw Error("INTERNAL", "the head was used after it was disposed");
    return head_;
  }

  std::vector<StoredMap> maps_of(const std::vector<int32_t>& handles) const {
    std::vector<StoredMap> maps;
    for (const int32_t handle : handles) {
      const auto found = maps_.find(handle);
      if (found == maps_.end()) throw Error("INTERNAL", "unknown map handle " + std::to_string(handle));
      maps.push_back(found->second);
    }
    return maps;
  }

  Napi::Value device(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), device_); }

  Napi::Value ingest(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    return guarded(env, [&]() -> Napi::Value {
      const std::shared_ptr<GlposeHead> head = this->head();
      const HeadShape& shape = head->shape();
      const size_t map_floats = size_t(shape.channels) * shape.height * shape.width;
      if (!info[0].IsTypedArray()) return ingest_kept(env, info[0]);
      if (info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
        throw Error("INTERNAL", "expected a Float32Array for features");
      const Napi::Float32Array array = info[0].As<Napi::Float32Array>();
      const size_t count = array.ElementLength() / map_floats;
      if (array.ElementLength() % map_floats != 0 || count > kMaxPeople)
        throw Error("INTERNAL", "expected whole maps of " + std::to_string(map_floats) + " values for features");
      Napi::Float32Array embeddings = new_floats(env, count * shape.channels);
      if (head->ingests_at_once()) {
        const auto deferred = Napi::Promise::Deferred::New(env);
        deferred.Resolve(ingest_result(env, head->ingest(array.Data(), int(count), embeddings.Data()), embeddings));
        return deferred.Promise();
      }
      // Copied: see array_copy.
      const auto features = std::make_shared<const std::vector<float>>(array.Data(), array.Data() + array.ElementLength());
      return ingest_later(env, embeddings, [head, count, features](float* embeddings) {
        return head->ingest(features->data(), int(count), embeddings);
      });
    });
  }

  /// The maps of a network's output that stayed on the head's device.
  Napi::Value ingest_kept(Napi::Env env, const Napi::Value& stayed) {
    const std::shared_ptr<GlposeHead> head = this->head();
    const HeadShape& shape = head->shape();
    const auto kept = Held<KeptOutput>::of(stayed, "features");
    const auto [channels, height, width] = kept->size;
    if (channels != shape.channels || height != shape.height || width != shape.width)
      throw Error("INTERNAL", "the network's maps are not of the head's shape");
    if (kept->backend->name() != head->device())
      throw Error("INTERNAL", "the network's maps are on " + kept->backend->name() + ", the head is on " + head->device());
    return ingest_later(env, new_floats(env, size_t(kept->count) * channels), [head, kept](float* embeddings) {
      return head->ingest(kept->planes(), kept->count, embeddings, true);
    });
  }

  /// @param ingest takes maps in off JavaScript's thread, and writes their embeddings
  template <class Ingest>
  Napi::Value ingest_later(Napi::Env env, const Napi::Float32Array& embeddings, Ingest ingest) {
    const auto stored = std::make_shared<std::vector<StoredMap>>();
    return Task::start(
        env, {embeddings, Value()},
        [stored, ingest = std::move(ingest), to = const_cast<float*>(embeddings.Data())]() mutable { *stored = ingest(to); },
        [this, stored](Napi::Env env, const Task::Kept& kept) -> Napi::Value {
          if (!head_) throw coded_error(env, "INTERNAL", "the head was disposed while features were taken in");
          return ingest_result(env, *stored, kept[0].Value());
        });
  }

  Napi::Object ingest_result(Napi::Env env, const std::vector<StoredMap>& stored, const Napi::Value& embeddings) {
    Napi::Int32Array handles = Napi::Int32Array::New(env, stored.size());
    for (size_t i = 0; i < stored.size(); ++i) {
      handles[i] = next_handle_;
      maps_[next_handle_++] = stored[i];
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("handles", handles);
    result.Set("embeddings", embeddings);
    return result;
  }

  Napi::Value release(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      head();
      if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
        throw Error("INTERNAL", "expected an Int32Array for handles");
      const Napi::Int32Array array = info[0].As<Napi::Int32Array>();
      const std::vector<int32_t> handles(array.Data(), array.Data() + array.ElementLength());
      maps_of(handles);  // all or nothing
      for (const int32_t handle : handles) maps_.erase(handle);
      return info.Env().Undefined();
    });
  }

  Napi::Value estimate(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    return guarded(env, [&]() -> Napi::Value {
      const std::shared_ptr<GlposeHead> head = this->head();
      const HeadShape& shape = head->shape();
      const Napi::Object batch = object_argument(info[0], "batch");
      const Napi::Value keys = batch.Get("keys");
      if (!keys.IsTypedArray()) throw Error("INTERNAL", "expected an Int32Array for keys");
      const size_t people = keys.As<Napi::TypedArray>().ElementLength();
      if (people > kMaxPeople) throw Error("INTERNAL", "too many people in a batch");

      EstimateArgs args;
      args.people = int(people);
      args.keys = maps_of(*array_copy<Napi::Int32Array>(batch, "keys", napi_int32_array, people));
      const size_t references = people * shape.references();
      args.references = maps_of(*array_copy<Napi::Int32Array>(batch, "references", napi_int32_array, references));
      const Napi::Value weights = batch.Get("weights");
      const size_t weight_count = weights.IsTypedArray() ? weights.As<Napi::TypedArray>().ElementLength() : 0;
      args.weight_per_channel = weight_count != references;
      const auto weight_copy =
          floats_copy(batch, "weights", args.weight_per_channel ? references * shape.channels : references);
      args.weights = weight_copy->data();
      std::shared_ptr<const std::vector<float>> transforms;
      if (!batch.Get("transforms").IsUndefined()) {
        static_assert(sizeof(WarpTransform) == 3 * sizeof(float), "three floats a reference");
        transforms = floats_copy(batch, "transforms", references * 3);
        for (const float value : *transforms)
          if (!std::isfinite(value)) throw Error("INTERNAL", "expected finite numbers for transforms");
        args.transforms = reinterpret_cast<const WarpTransform*>(transforms->data());
      }
      std::shared_ptr<const std::vector<float>> expected;
      if (shape.conditions) {
        const Napi::Object given = object_argument(batch.Get("expected"), "expected (this head has conditions)");
        args.expected_people = int_member(given, "people", 1, kMaxExpected);
        const size_t places = size_t(1 + 2 * shape.k) * args.expected_people * kConditionJoints;
        expected = floats_copy(given, "points", people * places * 2);
        args.expected = expected->data();
      } else if (!batch.Get("expected").IsUndefined()) {
        throw Error("INTERNAL", "expected nothing for expected: this head has no conditions");
      }
      args.decode = decode_method(batch.Get("decode"));

      const size_t pixels = size_t(shape.height) * shape.width;
      Napi::Object result = Napi::Object::New(env);
      const auto output = [&](const char* name, size_t count) {
        Napi::Float32Array array = new_floats(env, count);
        result.Set(name, array);
        return array.Data();
      };
      args.joints = output("joints", people * shape.joints * 3);
      if (batch.Get("peaks").ToBoolean()) args.peaks = output("peaks", people * shape.joints * kMostPeaks * 3);
      if (batch.Get("maps").ToBoolean()) {
        args.heatmaps = output("heatmaps", people * shape.joints * pixels);
        if (shape.enhancement) args.masks = output("masks", people * shape.block_width * pixels);
      }
      const auto timings = std::make_shared<std::vector<ConvTiming>>();
      if (batch.Get("timings").ToBoolean()) args.timings = timings.get();
      return Task::start(
          env, {result},
          [head, timings, weight_copy, transforms, expected, args = std::move(args)] { head->estimate(args); },
          [timings](Napi::Env env, const Task::Kept& kept) -> Napi::Value {
            if (!timings->empty()) kept[0].Value().Set("timings", to_array(env, *timings));
            return kept[0].Value();
          });
    });
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    maps_.clear();
    head_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<GlposeHead> head_;
  std::string device_;
  std::unordered_map<int, StoredMap> maps_;
  int next_handle_ = 1;
};

}  // namespace

Napi::Function define_create_head(Napi::Env env) {
  return define_factory(env, HeadObject::define(env), "createHead");
}

}  // namespace glpose
