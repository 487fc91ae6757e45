#include "kernels/decode/decode.h"

#include "kernels/decode/refine.h"

namespace glpose {

void decode_joint(const float* map, size_t step, int h, int w, DecodeMethod method, float out[3]) {
  int best = 0;
  for (int p = 1; p < h * w; ++p)
    if (map[p * step] > map[best * step]) best = p;
  const int x = best % w, y = best / w;
  const float score = map[best * step];
  const bool found = score > 0;
  out[0] = found ? float(x) : 0;
  out[1] = found ? float(y) : 0;
  out[2] = score;
  if (!found) return;
  const auto at = [&](int x, int y) { return map[(size_t(y) * w + x) * step]; };
  if (method == DecodeMethod::quarter) quarter_step(at, h, w, x, y, out);
  else dark_step(at, h, w, x, y, out);
}

}  // namespace glpose
