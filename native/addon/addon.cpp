// The export table of glpose.node; its contract is src/native/binding.ts.
#include <napi.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "addon/arguments.h"
#include "addon/file_lock.h"
#include "addon/head_object.h"
#include "addon/network_object.h"
#include "addon/task.h"
#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/thread_pool.h"
#include "kernels/crop/crop.h"
#include "kernels/peaks/peaks.h"
#include "kernels/pose/pose.h"
#ifndef GLPOSE_SOURCES
#include "sources.h"
#endif

namespace glpose {
namespace {

constexpr int kMaxSide = 1 << 15;

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const CudaInfo found = cuda_info();
  Napi::Array devices = Napi::Array::New(env);
  for (const CudaDevice& device : found.devices) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("index", device.index);
    entry.Set("name", device.name);
    entry.Set("computeCapability", device.compute_capability);
    entry.Set("memoryBytes", device.memory_bytes);
    devices.Set(devices.Length(), entry);
  }
  Napi::Object cuda = Napi::Object::New(env);
  cuda.Set("compiled", found.compiled);
  cuda.Set("devices", devices);
  cuda.Set("problem", found.problem);
  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", cpu_isa());
  result.Set("cuda", cuda);
  return result;
}

Napi::Value crop(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Object batch = object_argument(call[0], "batch");
    CropArgs args;
    args.image_width = int_member(batch, "imageWidth", 1, kMaxSide);
    args.image_height = int_member(batch, "imageHeight", 1, kMaxSide);
    args.width = int_member(batch, "width", 1, kMaxSide);
    args.height = int_member(batch, "height", 1, kMaxSide);
    const Napi::Value windows_value = batch.Get("windows");
    const size_t count = windows_value.IsTypedArray() ? windows_value.As<Napi::TypedArray>().ElementLength() / 4 : 0;
    const auto windows = array_copy<Napi::Float64Array>(batch, "windows", napi_float64_array, count * 4);
    args.windows = windows->data();
    for (size_t i = 0; i < count * 4; ++i)
      if (!std::isfinite(args.windows[i])) throw Error("INTERNAL", "expected finite numbers for windows");
    const auto mean = floats_copy(batch, "mean", 3), std = floats_copy(batch, "std", 3);
    for (int c = 0; c < 3; ++c) {
      args.mean[c] = (*mean)[c];
      args.inv_std[c] = 1 / (*std)[c];
    }
    const size_t crop_floats = size_t(3) * args.width * args.height, floats = count * crop_floats;
    const bool given = !batch.Get("out").IsUndefined();
    const Napi::Float32Array out = given ? floats_member(batch, "out", floats) : new_floats(env, floats);
    const auto image = array_member<Napi::Uint8Array>(batch, "image", napi_uint8_array,  // last: no getter follows
                                                      size_t(args.image_width) * args.image_height * 3);
    args.image = image.Data();
    const auto crops = std::make_shared<std::vector<WindowCrop>>();
    for (size_t n = 0; n < count; ++n) crops->emplace_back(args, int(n));
    // A caller's array may go while work is under way: it is filled when the work is done.
    const std::shared_ptr<float[]> own(given ? new float[floats] : nullptr);
    float* const to = given ? own.get() : const_cast<float*>(out.Data());
    return Task::start(
        env, {out},
        // On this thread alone: windows come singly, and several calls go side by side.
        [crops, to, crop_floats] {
          for (size_t n = 0; n < crops->size(); ++n) (*crops)[n].run(to + n * crop_floats);
        },
        [own, floats](Napi::Env env, const Task::Kept& kept) -> Napi::Value {
          if (own) {
            const Napi::Float32Array out = kept[0].Value().As<Napi::Float32Array>();
            if (out.ElementLength() != floats)
              throw coded_error(env, "INTERNAL", "out was taken away while it was to be filled");
            std::copy_n(own.get(), floats, const_cast<float*>(out.Data()));
          }
          return kept[0].Value();
        });
  });
}

/// The shape [N, K, h, w] of heat maps, none empty.
struct HeatmapShape {
  size_t count, joints, height, width;
  HeatmapShape(const Napi::Value& value) {
    const Napi::Object shape = object_argument(value, "shape");
    const auto size = [&](uint32_t i) { return size_t(int_value(shape.Get(i), "shape", i < 2 ? 0 : 1, kMaxSide)); };
    count = size(0);
    joints = size(1);
    height = size(2);
    width = size(3);
  }
  size_t cells() const { return height * width; }
};

Napi::Value decode(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const HeatmapShape shape(call[1]);
    const size_t maps = shape.count * shape.joints, cells = shape.cells();
    const Napi::Float32Array heatmaps = floats_value(call[0], "heatmaps", maps * cells);
    const DecodeMethod method = decode_method(call[2]);
    Napi::Float32Array joints = new_floats(call.Env(), maps * 3);
    for (size_t i = 0; i < maps; ++i)
      decode_joint(heatmaps.Data() + i * cells, 1, int(shape.height), int(shape.width), method, joints.Data() + i * 3);
    return joints;
  });
}

Napi::Value peaks(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const HeatmapShape shape(call[1]);
    const size_t cells = shape.cells(), map_floats = shape.joints * cells, numbers = kMostPeaks * 3;
    const bool refined = !call[2].IsUndefined();
    const Napi::Float32Array heatmaps = floats_value(call[0], "heatmaps", shape.count * map_floats);
    const Napi::Float32Array offsets =
        refined ? floats_value(call[2], "offsets", 2 * shape.count * map_floats) : Napi::Float32Array();
    Napi::Float32Array found = new_floats(call.Env(), shape.count * shape.joints * numbers);
    for (size_t n = 0; n < shape.count; ++n) {
      const View maps = planes_view(heatmaps.Data() + n * map_floats, int(cells));
      const View around = refined ? planes_view(offsets.Data() + 2 * n * map_floats, int(cells)) : View{};
      for (size_t k = 0; k < shape.joints; ++k)
        peaks_of_joint(maps, refined ? &around : nullptr, int(k), int(shape.height), int(shape.width),
                       found.Data() + (n * shape.joints + k) * numbers);
    }
    return found;
  });
}

Napi::Value pose(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const Napi::Object shape = object_argument(call[5], "shape");
    const auto size = [&](uint32_t i) { return int_value(shape.Get(i), "shape", 1, kMaxSide); };
    const MapSize maps{size(0), size(1), size(2)};
    const PoseTrust trust = pose_trust(call[6], call[7]);
    const size_t joints = maps.channels, cells = size_t(maps.height) * maps.width;
    Napi::Float32Array numbers = new_floats(call.Env(), joints * kPoseNumbers);
    const auto view = [&](size_t i, const char* name, size_t channels) {  // last: no getter follows
      return planes_view(floats_value(call[i], name, channels * cells).Data(), int(cells));
    };
    const PoseViews views{view(0, "heatmaps", joints), view(1, "offsets", 2 * joints), view(2, "regress", 2 * joints),
                          view(3, "center", 1), floats_value(call[4], "expected", 3 * joints).Data()};
    pose_of_image(views, maps, trust, numbers.Data());
    return numbers;
  });
}

Napi::Value set_threads(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    ThreadPool::instance().resize(int_value(call[0], "threads", 1, 1024));
    return call.Env().Undefined();
  });
}

Napi::Value ceilings(const Napi::CallbackInfo& call) {
  const std::string device = call[0].IsString() ? call[0].As<Napi::String>().Utf8Value() : "";
  const auto measured = std::make_shared<Ceilings>();
  return Task::start(
      call.Env(), {}, [measured, device] { *measured = measure_ceilings(device); },
      [measured](Napi::Env env, const Task::Kept&) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("gflops", measured->gflops);
        result.Set("copyGBPerSecond", measured->copy_gb_per_s);
        return result;
      });
}

Napi::Value discard(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    if (!Held<NetworkImage>::discard(call[0]) && !Held<KeptOutput>::discard(call[0]))
      throw Error("INTERNAL", "expected something that a network gave");
    return call.Env().Undefined();
  });
}

Napi::Value lock(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const int fd = int_value(call[0], "fd", 0, INT_MAX);
    if (!call[1].IsBoolean()) throw Error("INTERNAL", "expected a boolean for shared");
    const int locked = lock_file(fd, call[1].As<Napi::Boolean>());
    return locked < 0 ? call.Env().Null() : Napi::Boolean::New(call.Env(), locked == 1);
  });
}

Napi::Value end_process(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value { std::_Exit(int_value(call[0], "code", 0, 255)); });
}

/// ONNX Runtime, from 1.29 on, reports its use to its makers unless this variable is set before its first session. A worker's
/// process.env is a copy that C++ does not see.
void silence_onnxruntime() {
  constexpr const char* kName = "ORT_DISABLE_TELEMETRY";
  if (std::getenv(kName)) return;  // the user's own word
#ifdef _WIN32
  _putenv_s(kName, "1");
#else
  setenv(kName, "1", 0);
#endif
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  silence_onnxruntime();
  exports.Set("sources", Napi::String::New(env, GLPOSE_SOURCES));
  exports.Set("info", Napi::Function::New(env, info, "info"));
  exports.Set("crop", Napi::Function::New(env, crop, "crop"));
  exports.Set("decode", Napi::Function::New(env, decode, "decode"));
  exports.Set("peaks", Napi::Function::New(env, peaks, "peaks"));
  exports.Set("pose", Napi::Function::New(env, pose, "pose"));
  exports.Set("createHead", define_create_head(env));
  exports.Set("createNetwork", define_create_network(env));
  exports.Set("discard", Napi::Function::New(env, discard, "discard"));
  exports.Set("ceilings", Napi::Function::New(env, ceilings, "ceilings"));
  exports.Set("setThreads", Napi::Function::New(env, set_threads, "setThreads"));
  exports.Set("lock", Napi::Function::New(env, lock, "lock"));
  exports.Set("endProcess", Napi::Function::New(env, end_process, "endProcess"));
  return exports;
}

}  // namespace
}  // namespace glpose

Napi::Object glpose_init(Napi::Env env, Napi::Object exports) { return glpose::init(env, exports); }
NODE_API_MODULE(glpose, glpose_init)
