#pragma once
#include <cstddef>

namespace glpose {

/*
 * Winograd's F(4×4, 3×3): a quarter of the multiplications (Lavin & Gray 2016), at the points 0, ±1, ±2, ∞.
 */

/// Side of a Winograd output tile and of its input patch.
constexpr int kTile = 4, kPatch = 6;

/// Floats of one of the 36 planes of a strip in Winograd's domain: an odd number of cache lines, so that one place in all
/// planes is in different sets of a cache.
constexpr size_t winograd_plane(int floats) { return (size_t(floats) / 16 | 1) * 16; }

}  // namespace glpose
