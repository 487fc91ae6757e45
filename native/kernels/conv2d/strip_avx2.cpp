#define LANES 8
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels kConv2dAvx2 = {"avx2", direct, pointwise, depthwise, winograd, winograd_weights};
}
