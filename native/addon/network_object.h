#pragma once
#include <napi.h>

#include "addon/held.h"
#include "network/network.h"

namespace glpose {

/// The function createNetwork(maps, outputs, device) of src/native/contract.ts.
Napi::Function define_create_network(Napi::Env env);

template <>
const napi_type_tag Held<NetworkImage>::kTag;
template <>
const napi_type_tag Held<KeptOutput>::kTag;

}  // namespace glpose
