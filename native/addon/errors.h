#pragma once
#include <napi.h>

#include <string>

namespace glpose {

/// A JavaScript Error with `code`, one of src/errors.ts.
Napi::Error coded_error(Napi::Env env, const std::string& code, const std::string& problem);

struct Failure {
  std::string code, problem;
};

/// What the exception in flight means. Call inside a catch block.
Failure current_failure();

/// Runs `body` on JavaScript's thread; what C++ throws becomes a coded JavaScript exception.
template <class Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    const Failure failure = current_failure();
    throw coded_error(env, failure.code, failure.problem);
  }
}

}  // namespace glpose
