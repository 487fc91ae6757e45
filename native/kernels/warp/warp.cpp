#include "kernels/warp/warp.h"

#include "kernels/warp/row.h"

namespace glpose {

void warp_row_cpu(const WarpArgs& a, int n, int y, Isa isa) {
  const auto warp_row = GLPOSE_FOR_ISA(isa, warp_row);
  const int stride = channel_stride(a.channels);
  const WarpTransform t = a.transforms[n];
  warp_row({a.height, a.width, stride, static_cast<const float*>(a.from[n].data),
            static_cast<float*>(a.to[n].data) + size_t(y) * a.width * stride, t.scale * float(y) + t.shift_y, t.scale,
            t.shift_x});
}

}  // namespace glpose
