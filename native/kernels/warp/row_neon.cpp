#define WARP_ROW warp_row_neon
#define LANES 4
#include "kernels/warp/row.inc"
