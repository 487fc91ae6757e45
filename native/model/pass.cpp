#include "model/pass.h"

#include <chrono>

namespace glpose {

void Pass::conv(const ConvArgs& args) const {
  if (!timings) return backend.conv(args);
  using Clock = std::chrono::steady_clock;
  backend.synchronize();
  const Clock::time_point start = Clock::now();
  backend.conv(args);
  backend.synchronize();
  const double macs = args.conv->macs_per_pixel() * args.batch * args.height * args.width;
  const std::chrono::duration<double, std::milli> taken = Clock::now() - start;
  timings->push_back({args.conv->name(), macs, taken.count()});
}

}  // namespace glpose
