#include "network/spec.h"

#include "backend/error.h"
#include "kernels/peaks/peaks.h"

namespace glpose {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool same(const MapSize& a, const MapSize& b) {
  return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

bool within(const std::vector<AxisTap>& taps, int size) {
  for (const AxisTap& tap : taps)
    if (tap.first < 0 || tap.first >= size || tap.second < 0 || tap.second >= size) return false;
  return true;
}

/// Whether every window of a pool or convolution begins before the map's end and ends behind its beginning.
bool windows_meet(int in, int out, int kernel, int stride, int pad) {
  return kernel >= 1 && pad >= 0 && pad < kernel && stride >= 1 && long(out - 1) * stride - pad < in;
}

}  // namespace

std::vector<int> sources_of(const Layer& layer) {
  using Maps = std::vector<int>;
  return std::visit(Overloaded{[](const ConvLayer& conv) {
                                 return conv.addend < 0 ? Maps{conv.source} : Maps{conv.source, conv.addend};
                               },
                               [](const SumLayer& sum) {
                                 Maps maps;
                                 for (const SumLayer::Term& term : sum.terms) maps.push_back(term.map);
                                 return maps;
                               },
                               [](const ProductLayer& product) { return Maps{product.a, product.b}; },
                               [](const ConcatLayer& concat) { return concat.sources; },
                               [](const ResizeLayer& resize) { return Maps{resize.source}; },
                               [](const PoolLayer& pool) { return Maps{pool.source}; },
                               [](const LocateLayer& locate) {
                                 return Maps{locate.heatmaps, locate.regress, locate.center, locate.expected};
                               },
                               [](const DecodeLayer& decode) { return Maps{decode.heatmaps}; },
                               [](const PeaksLayer& peaks) {
                                 return peaks.offsets < 0 ? Maps{peaks.heatmaps} : Maps{peaks.heatmaps, peaks.offsets};
                               },
                               [](const PoseLayer& pose) {
                                 return Maps{pose.heatmaps, pose.offsets, pose.regress, pose.center, pose.expected};
                               }},
                    layer.op);
}

Made made_by(const Layer& layer) {
  const bool numbers = std::holds_alternative<DecodeLayer>(layer.op) || std::holds_alternative<PeaksLayer>(layer.op) ||
                       std::holds_alternative<PoseLayer>(layer.op);
  return numbers ? Made::numbers : Made::map;
}

void check_layer(const std::vector<MapSize>& maps, const std::vector<Made>& made, const Layer& layer) {
  const auto require = [&](bool condition, const char* what) {
    if (!condition) throw Error("MODEL", "layer " + layer.name + ": " + what);
  };
  const std::vector<int> sources = sources_of(layer);
  require(layer.out >= 0 && layer.out < int(maps.size()) && made[layer.out] == Made::nothing, "its map is another layer's");
  require(!sources.empty(), "it reads nothing");
  for (int map : sources) require(map >= 0 && map < int(maps.size()) && made[map] == Made::map, "it reads a map that is not made");
  const MapSize out = maps[layer.out];
  std::visit(
      Overloaded{
          [&](const ConvLayer& conv) {
            const Conv2dWeights& w = conv.weights;
            const MapSize in = maps[conv.source];
            require(w.kernel <= kLargestKernel && w.stride <= kLargestStride, "its kernel or stride is too large");
            require(w.in_channels == in.channels && w.out_channels == out.channels, "its weights do not fit its maps");
            require(!w.depthwise || in.channels == out.channels, "its weights do not fit its maps");
            const size_t inputs = w.depthwise ? 1 : in.channels;
            require(w.weight.size() == inputs * out.channels * w.kernel * w.kernel && w.bias.size() == size_t(out.channels),
                    "its weights do not fit its maps");
            require(windows_meet(in.height, out.height, w.kernel, w.stride, w.pad_top) &&
                        windows_meet(in.width, out.width, w.kernel, w.stride, w.pad_left),
                    "its windows miss the map");
            require(conv.addend < 0 || same(maps[conv.addend], out), "what it adds is of another shape");
          },
          [&](const SumLayer& sum) {
            for (const SumLayer::Term& term : sum.terms) {
              const MapSize in = maps[term.map];
              require(term.factor >= 1 && term.factor <= out.height, "its factor is too large");
              require(in.channels == out.channels && long(in.height) * term.factor == out.height &&
                          long(in.width) * term.factor == out.width,
                      "its terms are of another shape");
            }
          },
          [&](const ProductLayer& product) {
            require(same(maps[product.a], out) && same(maps[product.b], out), "its factors are of another shape");
          },
          [&](const ConcatLayer& concat) {
            long channels = 0;
            for (int source : concat.sources) {
              channels += maps[source].channels;
              require(maps[source].height == out.height && maps[source].width == out.width, "its sources are of another size");
            }
            require(channels == out.channels, "its sources have other channels");
          },
          [&](const ResizeLayer& resize) {
            const MapSize in = maps[resize.source];
            require(in.channels == out.channels && resize.rows.size() == size_t(out.height) &&
                        resize.columns.size() == size_t(out.width),
                    "its maps do not fit");
            require(within(resize.rows, in.height) && within(resize.columns, in.width), "it reads beyond its map");
          },
          [&](const LocateLayer& locate) {
            const auto [joints, height, width] = out;
            require(same(maps[locate.heatmaps], out) && same(maps[locate.regress], {2 * joints, height, width}) &&
                        same(maps[locate.center], {1, height, width}) && same(maps[locate.expected], {3 * joints, 1, 1}),
                    "its maps are not those of one pose");
            require(locate.offset > 0, "its offset is not above 0");
          },
          [&](const DecodeLayer& decode) {
            require(same(out, {maps[decode.heatmaps].channels * 3, 1, 1}), "its numbers are not those of its maps");
          },
          [&](const PeaksLayer& peaks) {
            const auto [joints, height, width] = maps[peaks.heatmaps];
            require(same(out, {joints * kMostPeaks * 3, 1, 1}), "its numbers are not those of its maps");
            require(peaks.offsets < 0 || same(maps[peaks.offsets], {2 * joints, height, width}),
                    "its maps are not those of one pose");
          },
          [&](const PoseLayer& pose) {
            const auto [joints, height, width] = maps[pose.heatmaps];
            require(same(out, {joints * kPoseNumbers, 1, 1}), "its numbers are not those of its maps");
            require(same(maps[pose.offsets], {2 * joints, height, width}) &&
                        same(maps[pose.regress], {2 * joints, height, width}) && same(maps[pose.center], {1, height, width}) &&
                        same(maps[pose.expected], {3 * joints, 1, 1}),
                    "its maps are not those of one pose");
            require(pose.trust.offset > 0 && pose.trust.softness > 0, "its places are not trusted at all");
          },
          [&](const PoolLayer& pool) {
            const MapSize in = maps[pool.source];
            require(in.channels == out.channels, "its maps do not fit");
            require(windows_meet(in.height, out.height, pool.kernel_height, pool.stride, pool.pad_top) &&
                        windows_meet(in.width, out.width, pool.kernel_width, pool.stride, pool.pad_left),
                    "its windows miss the map");
          },
      },
      layer.op);
}

}  // namespace glpose
