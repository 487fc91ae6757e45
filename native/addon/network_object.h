#pragma once
#include <napi.h>

namespace glpose {

/// The function createNetwork(maps, outputs, device) of src/native/contract.ts.
Napi::Function define_create_network(Napi::Env env);

}  // namespace glpose
