#define CROP_ROW crop_row_neon
#include "kernels/crop/row.inc"
