#pragma once
#include <vector>

namespace glpose {

/// The shape of a head; see HeadShape in src/native/binding.ts.
struct HeadShape {
  int channels = 0, height = 0, width = 0;
  int block_width = 0;
  int joints = 0;
  int k = 0, n = 0;
  bool enhancement = false;
  int enhancement_blocks = 1;
  int kernel = 3;
  bool conditions = false;
  std::vector<float> feature_mean, feature_std;  // [C]

  /// Maps that the first convolution reads: V_t, the references and, with conditions, theirs.
  int gathered() const { return 1 + references() + conditions; }
  /// R, references of a key.
  int references() const { return 2 * k + n; }
};

}  // namespace glpose
