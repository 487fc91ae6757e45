#pragma once
#include <vector>

#include "model/basic_block.h"
#include "model/shape.h"

namespace glpose {

/// Eq. 4: S = three basic blocks over concat[V_t, w(−k)V(t−k) … w(k)V(t+k), Wg_1 Vg_1 … Wg_n Vg_n]. The weights enter as
/// the first convolution reads the maps; the concatenation is never stored. With conditions, their map comes after the others.
class Aggregation {
 public:
  Aggregation(Backend& backend, const TensorMap& tensors, const HeadShape& shape);

  /// @param maps [people, gathered] V_t, locals, globals, conditions
  /// @param weights [people, gathered, channel_stride of the widest], 1 for V_t and conditions
  /// @param inner [people] scratch  @param s [people] out: S
  void run(const Pass& pass, const Map* maps, const float* weights, const Map* inner, const Map* s) const;

 private:
  std::vector<BasicBlock> blocks_;
};

}  // namespace glpose
