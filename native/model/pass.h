#pragma once
#include <string>
#include <vector>

#include "backend/backend.h"

namespace glpose {

/// How long one convolution of a pass took.
struct ConvTiming {
  std::string name;
  double macs;          // of its definition, all people
  double milliseconds;
};

/// The people of one pass over the network, and the size of their maps.
struct Pass {
  Backend& backend;
  int people, height, width;
  /// Where each convolution's time goes; null where nobody asked. (Measuring waits for every kernel.)
  std::vector<ConvTiming>* timings = nullptr;

  void conv(const ConvArgs& args) const;
};

}  // namespace glpose
