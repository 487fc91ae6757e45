#pragma once
#include <string>
#include <variant>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/decode/decode.h"
#include "kernels/layers/layers.h"
#include "kernels/locate/locate.h"
#include "kernels/pose/pose.h"

namespace glpose {

/*
 * A network as src/native/network.ts describes it: maps by number, inputs first, and the layers that make the others in order.
 */

struct ConvLayer {
  Conv2dWeights weights;
  int source = 0, addend = -1;  // -1: none
  LayerEnd end;
};
struct SumLayer {
  struct Term {
    int map, factor;
  };
  std::vector<Term> terms;
  LayerEnd end;
};
struct ProductLayer {
  int a = 0, b = 0;
};
struct ConcatLayer {
  std::vector<int> sources;
};
struct ResizeLayer {
  int source = 0;
  std::vector<AxisTap> rows, columns;
};
struct PoolLayer {
  int source = 0;
  bool max = false;
  int kernel_height = 1, kernel_width = 1, stride = 1, pad_top = 0, pad_left = 0;
};

struct LocateLayer {
  int heatmaps = 0, regress = 0, center = 0, expected = 0;
  float offset = 0;
};

/*
 * Read-outs: what they make are no maps but numbers, floats on every backend, [C] of an image whose `out` is [C, 1, 1]. No layer reads them.
 */
struct DecodeLayer {  // [K, 3]
  int heatmaps = 0;
  DecodeMethod method = DecodeMethod::quarter;
};
struct PeaksLayer {  // [K, kMostPeaks, 3]
  int heatmaps = 0, offsets = -1;  // -1: none
};
struct PoseLayer {  // [Q, kPoseNumbers]
  int heatmaps = 0, offsets = 0, regress = 0, center = 0, expected = 0;
  PoseTrust trust{};
};

struct Layer {
  std::string name;
  int out = 0;
  std::variant<ConvLayer, SumLayer, ProductLayer, ConcatLayer, ResizeLayer, PoolLayer, LocateLayer, DecodeLayer, PeaksLayer, PoseLayer>
      op;
};

/// What a map's place holds.
enum class Made { nothing, map, numbers };
Made made_by(const Layer& layer);

/// The maps that a layer reads.
std::vector<int> sources_of(const Layer& layer);

/// Throws MODEL where a layer does not fit the maps that it reads and makes, or reads one that is not made yet.
void check_layer(const std::vector<MapSize>& maps, const std::vector<Made>& made, const Layer& layer);

}  // namespace glpose
