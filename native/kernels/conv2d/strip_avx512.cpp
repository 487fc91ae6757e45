#define LANES 16
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels kConv2dAvx512 = {"avx512", direct, pointwise, depthwise, winograd, winograd_weights};
}
