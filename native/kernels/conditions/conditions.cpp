#include "kernels/conditions/conditions.h"

#include "kernels/conditions/row.h"

namespace glpose {

void conditions_row_cpu(const ConditionsArgs& a, int n, int y, Isa isa) {
  const auto conditions_row = GLPOSE_FOR_ISA(isa, conditions_row);
  const int channels = condition_channels(a.k), stride = channel_stride(channels);
  const size_t points = size_t(1 + 2 * a.k) * a.people * kConditionJoints * 2;
  conditions_row({a.width, channels, stride, a.points + n * points, a.people, float(y), sharpness_of(a.height),
                  static_cast<float*>(a.out[n].data) + size_t(y) * a.width * stride});
}

}  // namespace glpose
