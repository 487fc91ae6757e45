#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

/// Failures so far; main returns 1 where there are any.
inline int failures = 0;

inline void fail(const std::string& what) {
  std::printf("FAIL %s\n", what.c_str());
  ++failures;
}

inline void expect(bool condition, const std::string& what) {
  if (!condition) fail(what);
}

/// NMSE below `tolerance`, no element more than `worst` off; says where the worst element is. NaN fails.
inline void expect_close(const std::vector<float>& got, const std::vector<float>& wanted, double tolerance, double worst,
                         const std::string& what) {
  double error = 0, power = 0, largest = 0;
  size_t at = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double difference = double(got[i]) - wanted[i];
    error += difference * difference;
    power += double(wanted[i]) * wanted[i];
    if (!(std::fabs(difference) <= largest)) {
      largest = std::fabs(difference);
      at = i;
    }
  }
  if (got.size() == wanted.size() && error <= tolerance * power && largest <= worst) return;
  fail(what + ": NMSE " + std::to_string(error / power) + ", worst at " + std::to_string(at) + " of " +
       std::to_string(wanted.size()) + ": " + std::to_string(got[at]) + " for " + std::to_string(wanted[at]));
}

/// A reproducible source of numbers.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  /// Uniform in (−1, 1).
  float next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return float(int32_t(state_ >> 32)) * 0x1p-31f;
  }
  std::vector<float> vector(size_t count, float size = 1) {
    std::vector<float> out(count);
    for (float& value : out) value = size * next();
    return out;
  }

 private:
  uint64_t state_;
};
