#pragma once
#include "backend/tensor.h"

namespace glpose {

/*
 * What networks do beside convolutions. N images; maps as in backend/tensor.h, every table [N]; padding channels of `out` become 0.
 * `out` is none of the sources. All arithmetic in float32.
 * Tolerance, NMSE against float64: 1e-10 on the CPU, 1e-6 on a GPU, whose maps are halves.
 */

/// How values leave a layer: as they are, as σ(x), or kept within [low, high] (ReLU: [0, ∞)).
struct LayerEnd {
  bool sigmoid = false;
  float low = -__builtin_inff(), high = __builtin_inff();

  /// Whether 0 becomes something else.
  GLPOSE_EVERYWHERE bool zero_moves() const { return sigmoid || low > 0 || high < 0; }
};

struct MapSize {
  int channels = 0, height = 0, width = 0;
};

/// out[c, y, x] = source[n, c, y, x] of planes on the host: a network's input.
struct LoadArgs {
  int batch = 0;
  MapSize size;
  const float* planes = nullptr;  // [N, C, h, w]
  const Map* out = nullptr;
};

/// The way back: planes[n, c, y, x] = source[c, y, x] of a network's output. On the host they are there when the call returns.
struct UnloadArgs {
  int batch = 0;
  MapSize size;
  const Map* source = nullptr;
  float* planes = nullptr;  // [N, C, h, w]
  bool stay = false;        // whether `planes` is in the backend's memory, not on the host
};

/// out = end(Σ_t terms[t][c, ⌊y / factor_t⌋, ⌊x / factor_t⌋])
struct SumArgs {
  struct Term {
    const Map* map;
    int factor;
  };
  int batch = 0;
  MapSize size;
  const Term* terms = nullptr;  // on the host
  int count = 0;
  const Map* out = nullptr;
  LayerEnd end;
};

/// out = a ⊙ b
struct ProductArgs {
  int batch = 0;
  MapSize size;
  const Map *a = nullptr, *b = nullptr, *out = nullptr;
};

/// The sources' channels one after the other.
struct ConcatArgs {
  int batch = 0;
  int height = 0, width = 0;
  const Map* const* sources = nullptr;  // [count], on the host
  const int* channels = nullptr;        // [count], on the host
  int count = 0;
  const Map* out = nullptr;
};

/// Along one axis an output is (1 − weight) · source[first] + weight · source[second].
struct AxisTap {
  int first, second;
  float weight;
};
struct ResizeArgs {
  int batch = 0;
  MapSize in;
  int height = 0, width = 0;
  const AxisTap *rows = nullptr, *columns = nullptr;  // [height], [width] in the backend's memory
  const Map *source = nullptr, *out = nullptr;
};

/// The largest, or the mean, of the part of a rectangle that lies on the map.
struct PoolArgs {
  int batch = 0;
  MapSize in;
  int height = 0, width = 0;
  bool max = false;
  int kernel_height = 1, kernel_width = 1, stride = 1, pad_top = 0, pad_left = 0;
  const Map *source = nullptr, *out = nullptr;
};

// On the CPU, one output row of one image each.
void load_cpu(const LoadArgs& args, int image, int row);
void unload_cpu(const UnloadArgs& args, int image, int row);
void sum_cpu(const SumArgs& args, int image, int row);
void product_cpu(const ProductArgs& args, int image, int row);
void concat_cpu(const ConcatArgs& args, int image, int row);
void resize_cpu(const ResizeArgs& args, int image, int row);
void pool_cpu(const PoolArgs& args, int image, int row);

// The specification as plain loops (reference.cpp, which only the tests compile): one image each. Maps as on the CPU.
void reference(const LoadArgs& args, int image);
void reference(const UnloadArgs& args, int image);
void reference(const SumArgs& args, int image);
void reference(const ProductArgs& args, int image);
void reference(const ConcatArgs& args, int image);
void reference(const ResizeArgs& args, int image);
void reference(const PoolArgs& args, int image);

}  // namespace glpose
