#define CONDITIONS_ROW conditions_row_baseline
#define LANES 4
#include "kernels/conditions/row.inc"
