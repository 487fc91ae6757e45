#define CONDITIONS_ROW conditions_row_avx2
#define LANES 8
#include "kernels/conditions/row.inc"
