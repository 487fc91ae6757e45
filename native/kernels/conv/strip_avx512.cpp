#define LANES 16
#include "kernels/conv/strip.inc"

namespace glpose {
const ConvKernels conv_avx512 = {direct, winograd, multiply_adds};
}
