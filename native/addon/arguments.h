#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/error.h"
#include "kernels/decode/decode.h"
#include "kernels/pose/pose.h"

namespace glpose {

/*
 * Reading JavaScript values. TypeScript has checked what a user can get wrong; here stands what protects memory.
 */

/// @param name for the error
template <class Array>
Array array_value(const Napi::Value& value, const char* name, napi_typedarray_type type, size_t length) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type)
    throw Error("INTERNAL", std::string("expected a typed array of the documented type for ") + name);
  const Array array = value.As<Array>();
  if (array.ElementLength() != length)
    throw Error("INTERNAL", std::string("expected ") + std::to_string(length) + " elements for " + name +
                                " but received " + std::to_string(array.ElementLength()));
  return array;
}

template <class Array>
Array array_member(const Napi::Object& object, const char* name, napi_typedarray_type type, size_t length) {
  return array_value<Array>(object.Get(name), name, type, length);
}

inline Napi::Float32Array floats_value(const Napi::Value& value, const char* name, size_t length) {
  return array_value<Napi::Float32Array>(value, name, napi_float32_array, length);
}
inline Napi::Float32Array floats_member(const Napi::Object& object, const char* name, size_t length) {
  return array_member<Napi::Float32Array>(object, name, napi_float32_array, length);
}

/// The same, copied at once: while work is under way, and in getters of the members that are still to be read, JavaScript
/// may hand the array's memory to another thread, which may free it.
template <class Array, class Element = std::remove_reference_t<decltype(std::declval<Array>()[0])>>
std::shared_ptr<const std::vector<Element>> array_copy(const Napi::Object& object, const char* name,
                                                       napi_typedarray_type type, size_t length) {
  const Array array = array_member<Array>(object, name, type, length);
  const Element* data = array.Data();
  return std::make_shared<const std::vector<Element>>(data, data + length);
}

inline auto floats_copy(const Napi::Object& object, const char* name, size_t length) {
  return array_copy<Napi::Float32Array>(object, name, napi_float32_array, length);
}

/// A new array for results. V8 ends the process where an array cannot be had, so that more than anyone needs is refused.
inline Napi::Float32Array new_floats(Napi::Env env, size_t count) {
  constexpr size_t kMost = size_t(1) << 28;
  if (count > kMost) throw Error("MEMORY", "results of " + std::to_string(count) + " values are more than one call gives");
  return Napi::Float32Array::New(env, count);
}

inline Napi::Object object_argument(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw Error("INTERNAL", std::string("expected an object for ") + name);
  return value.As<Napi::Object>();
}

/// A whole number from `low` to `high`.
inline int int_value(const Napi::Value& value, const char* name, int low, int high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0.5;
  if (!(number >= low && number <= high) || number != int(number))
    throw Error("INTERNAL", std::string("expected a whole number from ") + std::to_string(low) + " to " +
                                std::to_string(high) + " for " + name);
  return int(number);
}
inline int int_member(const Napi::Object& object, const char* name, int low, int high) {
  return int_value(object.Get(name), name, low, high);
}

inline DecodeMethod decode_method(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (name == "quarter") return DecodeMethod::quarter;
  if (name == "dark") return DecodeMethod::dark;
  throw Error("INTERNAL", "expected quarter or dark for decode");
}

/// Both above 0.
inline PoseTrust pose_trust(const Napi::Value& offset, const Napi::Value& softness) {
  const PoseTrust trust{offset.ToNumber().FloatValue(), softness.ToNumber().FloatValue()};
  if (!(trust.offset > 0 && trust.softness > 0)) throw Error("INTERNAL", "expected offset and softness above 0");
  return trust;
}

}  // namespace glpose
