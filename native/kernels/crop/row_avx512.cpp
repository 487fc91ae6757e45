#define CROP_ROW crop_row_avx512
#include "kernels/crop/row.inc"
