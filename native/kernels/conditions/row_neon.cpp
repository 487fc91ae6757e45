#define CONDITIONS_ROW conditions_row_neon
#define LANES 4
#include "kernels/conditions/row.inc"
