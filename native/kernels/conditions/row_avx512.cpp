#define CONDITIONS_ROW conditions_row_avx512
#define LANES 16
#include "kernels/conditions/row.inc"
