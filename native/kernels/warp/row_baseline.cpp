#define WARP_ROW warp_row_baseline
#define LANES 4
#include "kernels/warp/row.inc"
