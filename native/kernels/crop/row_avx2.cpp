#define CROP_ROW crop_row_avx2
#include "kernels/crop/row.inc"
