#define LANES 8
#include "kernels/conv/strip.inc"

namespace glpose {
const ConvKernels conv_avx2 = {direct, winograd, multiply_adds};
}
