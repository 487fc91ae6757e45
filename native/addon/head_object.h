#pragma once
#include <napi.h>

namespace glpose {

/// The function createHead(shape, tensors, device) of src/native/binding.ts.
Napi::Function define_create_head(Napi::Env env);

}  // namespace glpose
