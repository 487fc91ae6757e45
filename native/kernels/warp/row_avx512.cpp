#define WARP_ROW warp_row_avx512
#define LANES 16
#include "kernels/warp/row.inc"
