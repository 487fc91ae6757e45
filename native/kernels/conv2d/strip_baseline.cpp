#define LANES 4
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels conv2d_baseline = {direct, pointwise, depthwise, winograd, winograd_weights};
}
