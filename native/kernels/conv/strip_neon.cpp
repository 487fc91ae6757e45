#define LANES 4
#define BY_LANE 1
#include "kernels/conv/strip.inc"

namespace glpose {
const ConvKernels conv_neon = {direct, winograd, multiply_adds};
}
