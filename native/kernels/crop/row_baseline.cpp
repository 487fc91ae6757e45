#define CROP_ROW crop_row_baseline
#include "kernels/crop/row.inc"
