#include "addon/errors.h"

#include <new>

#include "backend/error.h"

namespace glpose {

Napi::Error coded_error(Napi::Env env, const std::string& code, const std::string& problem) {
  Napi::Error error = Napi::Error::New(env, problem);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return {"MEMORY", "out of memory in the native addon"};
  } catch (const std::exception& error) {
    return {"INTERNAL", error.what()};
  } catch (...) {
    return {"INTERNAL", "an unknown exception in the native addon"};
  }
}

}  // namespace glpose
