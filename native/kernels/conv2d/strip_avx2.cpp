#define LANES 8
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels conv2d_avx2 = {direct, pointwise, depthwise, winograd, winograd_weights};
}
