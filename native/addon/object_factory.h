#pragma once
#include <memory>
#include <new>
#include <vector>

#include "addon/errors.h"

namespace glpose {

/// A JavaScript function that makes objects of a class out of its arguments.
/// @param name of the function, for stack traces
inline Napi::Function define_factory(Napi::Env env, Napi::Function object_class, const char* name) {
  // The class lives as long as the function that makes its objects.
  const auto type = std::make_shared<Napi::FunctionReference>(Napi::Persistent(object_class));
  return Napi::Function::New(
      env,
      [type](const Napi::CallbackInfo& info) -> Napi::Value {
        try {
          std::vector<napi_value> arguments;
          for (size_t i = 0; i < info.Length(); ++i) arguments.push_back(info[i]);
          return type->New(arguments);
        } catch (const Napi::Error& error) {
          // What is thrown before the constructor is there arrives by its text alone.
          if (error.Message() != std::bad_alloc().what()) throw;
        } catch (const std::bad_alloc&) {
          // of the arguments: the next line gives it its code
        }
        return guarded(info.Env(), []() -> Napi::Value { throw std::bad_alloc(); });
      },
      name);
}

}  // namespace glpose
