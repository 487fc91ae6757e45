#define LANES 4
#include "kernels/conv2d/strip.inc"

namespace glpose {
const Conv2dKernels kConv2dBaseline = {"baseline", direct, pointwise, depthwise, winograd, winograd_weights};
}
