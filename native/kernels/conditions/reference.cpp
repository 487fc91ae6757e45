// conditions' specification as plain loops (see conditions.h).
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/conditions/conditions.h"

namespace glpose {

void conditions_reference(const ConditionsArgs& a) {
  const int frames = 1 + 2 * a.k, stride = channel_stride(condition_channels(a.k));
  const double sigma = a.height / 16.0;
  for (int n = 0; n < a.count; ++n)
    for (int y = 0; y < a.height; ++y)
      for (int x = 0; x < a.width; ++x) {
        float* out = static_cast<float*>(a.out[n].data) + (size_t(y) * a.width + x) * stride;
        std::fill_n(out, stride, 0.f);
        for (int frame = 0; frame < frames; ++frame)
          for (int person = 0; person < a.people; ++person)
            for (int joint = 0; joint < kConditionJoints; ++joint) {
              const size_t place = ((size_t(n) * frames + frame) * a.people + person) * kConditionJoints + joint;
              const double dx = x - double(a.points[2 * place]), dy = y - double(a.points[2 * place + 1]);
              const float value = float(std::exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)));
              const int channel = frame == 0 ? (person > 0) * kConditionJoints + joint
                                             : 2 * kConditionJoints + 2 * (frame - 1) + (person > 0);
              if (value > out[channel]) out[channel] = value;  // not where it is NaN
            }
      }
}

}  // namespace glpose
