#pragma once
#include "kernels/layers/layers.h"
#include "kernels/view.h"

namespace glpose {

/*
 * locate: heat maps, each weighted by how near a cell is to where its joint is expected (src/onnx/located-joints.ts). Places are
 * (y, x) in cells of the h×w map; soft(d) = |d| + offset; Q joints.
 *
 *   person = argmax_p σ(center[p]) / soft(p − (h/2, w/2))                    the first of equals
 *   own_q  = person + regress[2q, 2q + 1](person)                            where that person has the joint
 *   e_q    = own_q + known_q · ((h, w) ⊙ expected_q − own_q)                 where the caller expects it, if it knows
 *   out[q, y, x] = heatmaps[q, y, x] · offset / soft((y, x) − e_q)
 *
 * N images; maps as in backend/tensor.h, every table [N]; padding channels of `out` become 0. `out` is none of the sources.
 * Tolerance, NMSE against float64: 1e-10 on the CPU, 1e-6 on a GPU, for the same person.
 */
struct LocateArgs {
  int batch = 0;
  MapSize size;                   // of heatmaps and out; its channels are Q
  float offset = 0;               // cells, above 0
  const Map* heatmaps = nullptr;  // [Q, h, w]
  const Map* regress = nullptr;   // [2Q, h, w]
  const Map* center = nullptr;    // [1, h, w]
  const Map* expected = nullptr;  // [3Q, 1, 1]: y, x as shares of the map, known (0 or 1)
  const Map* out = nullptr;
};

/// On the CPU: the cell of the person who is in the middle of the window. @param center of one image
int locate_person_cpu(const View& center, int height, int width, float offset);
/// First: e_q of one image's joints, as y, x. @param places [Q, 2]
void locate_places_cpu(const LocateArgs& args, int image, float* places);
/// Then: one row of one image. @param places what the first function gave for the image
void locate_row_cpu(const LocateArgs& args, const float* places, int image, int row);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU. One image.
void locate_reference(const LocateArgs& args, int image);

}  // namespace glpose
