// Any processor.
#define LANES 4
#include "kernels/conv/strip.inc"

namespace glpose {
const ConvKernels conv_baseline = {direct, winograd, multiply_adds};
}
