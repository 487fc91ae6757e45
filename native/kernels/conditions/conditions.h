#pragma once
#include "backend/tensor.h"
#include "kernels/conditions/points.h"
#include "kernels/for_this_cpu.h"

namespace glpose {

/// Channels of a map of conditions, for k local frames a side.
GLPOSE_EVERYWHERE constexpr int condition_channels(int k) { return 2 * kConditionJoints + 4 * k; }

/*
 * conditions: who is meant, as a map beside V_t (an addition to the paper). The places where people's joints are expected become
 *
 *   channel 0 … J−1          the own person's in the key frame, a joint each
 *   channel J … 2J−1         the other people's there, a joint each
 *   then, for each of the local frames −k … −1, 1 … k:
 *     the own person's there, all joints;  the other people's there, all joints
 *
 * each of them exp(−d² / 2σ²), d the cell's distance to the nearest of the channel's points, σ = h / 16 cells; 0 where no point is
 * known. Cells' centres are whole numbers. Padding channels become 0.
 * Tolerance: NMSE 1e-10 against float64 (on a GPU 1e-6, the rounding of a half).
 */
struct ConditionsArgs {
  int count, height, width, k;
  int people;           // O of each key, the own one first
  const float* points;  // [N, 1 + 2k, O, J, 2] x, y in cells of the key's map; frames 0, −k … −1, 1 … k; NaN: unknown
  const Map* out;       // [N], [h, w, channel_stride(condition_channels(k))]
};

/// 1 / 2σ²
GLPOSE_EVERYWHERE constexpr float sharpness_of(int height) { return 128.f / (float(height) * float(height)); }

/// Row y of map n on the CPU.
void conditions_row_cpu(const ConditionsArgs& args, int n, int y, Isa isa);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void conditions_reference(const ConditionsArgs& args);

}  // namespace glpose
