#define LANES 16
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels conv2d_avx512 = {direct, pointwise, depthwise, winograd, winograd_weights};
}
