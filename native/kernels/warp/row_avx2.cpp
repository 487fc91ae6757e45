#define WARP_ROW warp_row_avx2
#define LANES 8
#include "kernels/warp/row.inc"
