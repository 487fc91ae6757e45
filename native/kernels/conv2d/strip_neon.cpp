#define LANES 4
#define BY_LANE 1
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels conv2d_neon = {direct, pointwise, depthwise, winograd, winograd_weights};
}
