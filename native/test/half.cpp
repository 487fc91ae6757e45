// Half-precision numbers, as the host computes them.
#include "kernels/half.h"

#include <cmath>

#include "test/check.h"
#include "test/checks.h"

namespace glpose {

/// Every half to a float and back; and what lies between two halves goes to the nearer, ties to even.
void check_half() {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float value = to_float({uint16_t(bits)}), next = to_float({uint16_t(bits + 1)});
    expect(to_half(value).bits == bits && to_half(-value).bits == (bits | 0x8000), "half " + std::to_string(bits));
    expect(next > value, "halves grow at " + std::to_string(bits));
    if (bits + 1 == 0x7c00) break;  // infinity
    const float middle = value + (next - value) / 2;
    expect(to_half(middle).bits == bits + (bits & 1), "a tie after half " + std::to_string(bits));
    expect(to_half(std::nextafter(middle, 1e9f)).bits == bits + 1, "above a tie after half " + std::to_string(bits));
    expect(to_half(std::nextafter(middle, -1.f)).bits == bits, "below a tie after half " + std::to_string(bits));
  }
  expect(to_float({0x3c00}) == 1 && to_float({0x0001}) == 0x1p-24f && to_float({0x7bff}) == 65504, "named halves");
  expect(to_half(65520).bits == 0x7c00 && to_half(1e30f).bits == 0x7c00, "overflow");
  expect(to_half(-INFINITY).bits == 0xfc00, "minus infinity");
  expect(std::isnan(to_float(to_half(NAN))) && std::isinf(to_float({0xfc00})), "NaN and infinity");
}

}  // namespace glpose
