#pragma once
#include <vector>

#include "model/basic_block.h"
#include "model/shape.h"

namespace glpose {

/// Eq. 5: what the key frame overlooks is mined from the union. M = 1 − σ(ψ(V_t)), F = A(concat[M ⊙ S, V_t]).
class Enhancement {
 public:
  Enhancement(Backend& backend, const TensorMap& tensors, const HeadShape& shape);

  struct Args {
    const Map* key;       // [people] V_t
    const Map* s;         // [people] S; becomes M ⊙ S
    const Map* s_and_key; // [people, 2] `s` and `key` side by side: A's input
    const Map* inner;     // [people] scratch
    const Map* f;         // [people] out: F
    const Map* mask;      // [people] out: M; or null
  };
  void run(const Pass& pass, const Args& args) const;

 private:
  BasicBlock psi_;
  std::vector<BasicBlock> a_;
};

}  // namespace glpose
