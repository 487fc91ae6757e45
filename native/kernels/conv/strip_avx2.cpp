#define LANES 8
#include "kernels/conv/strip.inc"

namespace glpose {
const ConvKernels kConvAvx2 = {"avx2", direct, winograd, multiply_adds};
}
