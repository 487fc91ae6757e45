#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "backend/error.h"

namespace glpose {

/// Something of the addon's that JavaScript holds without looking into it, to hand it to other calls: T is known again by its tag.
/// It is freed when JavaScript gives it up, or loses it, and no call uses it any more.
template <class T>
class Held {
 public:
  static Napi::Value give(Napi::Env env, std::shared_ptr<T> thing) {
    auto held = std::make_unique<std::shared_ptr<T>>(std::move(thing));
    const auto external = Napi::External<std::shared_ptr<T>>::New(
        env, held.get(), [](Napi::Env, std::shared_ptr<T>* held) { delete held; });
    held.release();
    external.TypeTag(&kTag);
    return external;
  }

  /// Throws INTERNAL where a value is none, or was given up.
  static std::shared_ptr<T> of(const Napi::Value& value, const char* name) {
    std::shared_ptr<T>* const held = find(value);
    if (!held || !*held) throw Error("INTERNAL", std::string("expected ") + name + " of a network, not yet discarded");
    return *held;
  }

  /// Gives it up. @returns false where the value is none
  static bool discard(const Napi::Value& value) {
    std::shared_ptr<T>* const held = find(value);
    if (held) held->reset();
    return held != nullptr;
  }

 private:
  static const napi_type_tag kTag;

  static std::shared_ptr<T>* find(const Napi::Value& value) {
    if (!value.IsExternal()) return nullptr;
    const auto external = value.As<Napi::External<std::shared_ptr<T>>>();
    return external.CheckTypeTag(&kTag) ? external.Data() : nullptr;
  }
};

}  // namespace glpose
