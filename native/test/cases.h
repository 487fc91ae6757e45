#pragma once
/*
 * The one table of cases: `test` checks every kernel over it on every backend, `perf` times those of real maps. To add a
 * case, add a line; to add a kernel, see main.cpp.
 */
#include <string>
#include <vector>

#include "kernels/conditions/conditions.h"
#include "kernels/conv/conv.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/decode/decode.h"
#include "kernels/warp/warp.h"

namespace glpose {

struct ConvCase {
  std::string name;
  int batch, height, width, kernel;
  std::vector<int> in_channels;
  int out_channels;
  bool scales = false, residual = false;
  Activation activation = Activation::linear;
  bool mask_wanted = false;
};

/// Channels of a gather with k = 4, n = 6 and conditions.
inline std::vector<int> with_conditions(int channels) {
  std::vector<int> sources(15, channels);
  sources.push_back(condition_channels(4));
  return sources;
}

inline const std::vector<ConvCase> kConvCases = {
    {"one element", 1, 1, 1, 3, {1}, 1},
    {"one element, 1x1", 1, 1, 1, 1, {1}, 1},
    {"one element, 5x5", 1, 1, 1, 5, {1}, 1},
    {"one column", 2, 11, 1, 3, {3}, 2, false, false, Activation::relu},
    {"one row", 2, 1, 19, 3, {3}, 2, true, true, Activation::relu},
    {"odd sizes, weighted sources", 2, 9, 7, 3, {5, 5, 5}, 6, true, false, Activation::relu},
    {"weighted sources, the last of its own width", 2, 9, 17, 3, {5, 5, 30}, 6, true, false, Activation::relu},
    {"1x1, weighted sources, the last of its own width", 2, 9, 17, 1, {20, 20, 14}, 6, true},
    {"sources of two widths", 3, 9, 17, 3, {17, 20}, 33, false, true, Activation::relu},
    {"tile plus one", 1, 9, 17, 3, {16}, 16},
    {"1x1, weighted sources", 2, 9, 7, 1, {24, 24, 24}, 32, true},
    {"1x1, 64 out", 1, 8, 16, 1, {48}, 64, false, true},
    {"5x5", 2, 10, 18, 5, {20}, 15},
    {"5x5, 48 out", 1, 8, 9, 5, {16}, 48},
    {"80 out", 1, 8, 16, 3, {33}, 80, false, false, Activation::relu},
    {"mask", 2, 9, 7, 3, {6}, 6, false, true, Activation::mask},
    {"mask, M wanted", 2, 9, 18, 3, {20}, 17, false, true, Activation::mask, true},
    // A GPU takes larger tiles where a batch fills the device anyway: 16 rows of maps, or 8.
    {"large tiles, 48 out", 2, 10, 5, 3, {16, 16}, 48, true, true, Activation::relu},
    {"large tiles, 32 out", 2, 2, 3, 3, {17}, 32},
    {"large tiles, 16 out", 2, 3, 17, 3, {16}, 15},
    {"large tiles, 1x1, 48 out", 2, 3, 2, 1, {48, 48, 48}, 48, true},
    {"large tiles, 1x1, 32 out", 2, 13, 2, 1, {16}, 32},
    {"large tiles, 1x1, 16 out", 2, 3, 2, 1, {33}, 16},
    {"large tiles, 5x5", 2, 9, 2, 5, {16}, 15},
    {"medium tiles, 48 out", 1, 9, 5, 3, {16}, 48, false, false, Activation::mask, true},
    {"medium tiles, 32 out", 1, 9, 5, 3, {16}, 32},
    {"medium tiles, 16 out", 1, 9, 3, 3, {16}, 16},
    {"medium tiles, 1x1, 48 out", 1, 9, 5, 1, {16}, 48},
    {"medium tiles, 1x1, 32 out", 1, 9, 5, 1, {16}, 32},
    {"medium tiles, 5x5", 1, 9, 5, 5, {16}, 15},
    {"gather of the paper, small map", 1, 5, 17, 3, std::vector<int>(15, 48), 48, true, false, Activation::relu},
    // The networks' own: the paper's head (k = 4, n = 6), then the default bundle's.
    {"the paper's aggregation.0.conv1", 1, 96, 72, 3, std::vector<int>(15, 48), 48, true, false, Activation::relu},
    {"the paper's aggregation.0.shortcut", 1, 96, 72, 1, std::vector<int>(15, 48), 48, true},
    {"the paper's basic block", 1, 96, 72, 3, {48}, 48, false, true, Activation::relu},
    {"the paper's psi.conv2", 1, 96, 72, 3, {48}, 48, false, true, Activation::mask},
    {"the paper's enhancement.0.conv1", 1, 96, 72, 3, {48, 48}, 48, false, false, Activation::relu},
    {"the paper's enhancement.0.shortcut", 1, 96, 72, 1, {48, 48}, 48},
    {"the paper's head", 1, 96, 72, 3, {48}, 15},
    {"the default bundle's aggregation.0.conv1", 1, 64, 48, 3, std::vector<int>(15, 31), 32, true, false, Activation::relu},
    {"the default bundle's aggregation.0.shortcut", 1, 64, 48, 1, std::vector<int>(15, 31), 32, true},
    {"the default bundle's aggregation.0.conv1, with conditions", 1, 64, 48, 3, with_conditions(31), 32, true, false, Activation::relu},
    {"the default bundle's aggregation.0.shortcut, with conditions", 1, 64, 48, 1, with_conditions(31), 32, true},
    {"the default bundle's basic block", 1, 64, 48, 3, {32}, 32, false, true, Activation::relu},
    {"the default bundle's psi.conv2", 1, 64, 48, 3, {32}, 32, false, true, Activation::mask},
    {"the default bundle's enhancement.0.conv1", 1, 64, 48, 3, {32, 31}, 32, false, false, Activation::relu},
    {"the default bundle's head", 1, 64, 48, 3, {32}, 15},
};

struct Conv2dCase {
  std::string name;
  int batch, in_height, in_width, kernel, stride, pad_top, pad_left;
  int in_channels, out_channels, height, width;
  bool depthwise = false, addend = false;
  LayerEnd end = {};
};

inline const std::vector<Conv2dCase> kConv2dCases = {
    {"one element", 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1},
    {"one element, 7x7", 1, 1, 1, 7, 1, 3, 3, 1, 1, 1, 1},
    {"one element, 3x3, stride 2", 2, 1, 1, 3, 2, 1, 1, 16, 16, 1, 1},
    {"1x1", 2, 9, 7, 1, 1, 0, 0, 20, 33, 9, 7, false, true, {false, 0}},
    {"1x1, 64 out", 1, 12, 10, 1, 1, 0, 0, 64, 64, 12, 10},
    {"1x1, stride 2", 1, 9, 8, 1, 2, 0, 0, 17, 16, 5, 4},
    {"3x3, 48 wide", 1, 13, 11, 3, 1, 1, 1, 48, 48, 13, 11, false, true, {false, 0}},
    {"3x3, 112 out", 2, 8, 9, 3, 1, 1, 1, 33, 112, 8, 9, false, false, {false, 0, 6}},
    {"3x3, few tiles", 1, 3, 9, 3, 1, 1, 1, 16, 20, 3, 9},
    {"3x3, no padding", 1, 18, 15, 3, 1, 0, 0, 16, 32, 16, 13},
    {"3x3, padding below only", 1, 18, 15, 3, 1, 0, 0, 16, 16, 18, 15},
    {"3x3, padding above only", 1, 18, 15, 3, 1, 2, 2, 16, 16, 18, 15},
    {"3x3, stride 2", 2, 13, 14, 3, 2, 1, 1, 48, 96, 7, 7, false, true, {false, 0}},
    {"stem", 1, 24, 20, 3, 2, 1, 1, 3, 64, 12, 10, false, false, {false, 0}},
    {"stem, 7x7", 1, 21, 18, 7, 2, 3, 3, 3, 24, 11, 9},
    {"2x2, stride 2", 1, 9, 8, 2, 2, 0, 0, 5, 6, 4, 4, false, false, {true}},
    {"5x5, SAME_UPPER of an even size", 1, 8, 10, 5, 2, 1, 1, 5, 17, 4, 5},
    {"depthwise", 2, 9, 7, 3, 1, 1, 1, 20, 20, 9, 7, true, true, {false, 0, 6}},
    {"depthwise, stride 2", 1, 10, 9, 3, 2, 0, 1, 48, 48, 5, 5, true},
    {"depthwise, stride 2, wide", 1, 9, 14, 3, 2, 1, 1, 33, 33, 5, 7, true, true, {false, 0}},
    {"depthwise, 5x5, sigmoid", 1, 6, 5, 5, 1, 2, 2, 3, 3, 6, 5, true, false, {true}},
    {"bounds that leave 0 out", 1, 8, 8, 3, 1, 1, 1, 16, 17, 8, 8, false, false, {false, 0.25f, 0.5f}},
    {"branch 2 of HRNet-W48", 1, 24, 18, 3, 1, 1, 1, 192, 192, 24, 18, false, true, {false, 0}},
};

struct IngestCase {
  std::string name;
  int count, channels, height, width;
};

inline const std::vector<IngestCase> kIngestCases = {
    {"one element", 1, 1, 1, 1},
    {"odd sizes", 3, 5, 9, 7},
    {"more than one group of channels", 2, 33, 8, 17},
    {"the default bundle's map", 1, 31, 64, 48},
    {"the paper's map", 2, 48, 96, 72},
};

struct WarpCase {
  std::string name;
  int channels, height, width;
  std::vector<WarpTransform> transforms;  // one for each map
};

inline const std::vector<WarpCase> kWarpCases = {
    {"one element", 1, 1, 1, {{1, 0, 0}, {1, 0.5f, 0.25f}}},
    {"same window", 5, 9, 7, {{1, 0, 0}}},
    {"odd sizes", 17, 9, 7, {{1, 2, -3}, {0.75f, 0.4f, 1.3f}, {1.6f, -2.5f, -1.25f}}},
    {"outside, far and further", 3, 4, 6, {{1, 6, 0}, {1, -1e9f, 3e9f}, {1e9f, 0.5f, 0.5f}}},
    {"the default bundle's map", 31, 64, 48, {{0.97f, 1.25f, -0.5f}}},
    {"the paper's map", 48, 96, 72, {{1.06f, -3.3f, 0.8f}}},
};

struct ConditionsCase {
  std::string name;
  int count, height, width, k, people;
};

inline const std::vector<ConditionsCase> kConditionsCases = {
    {"one column, the key alone", 1, 16, 1, 0, 1},
    {"odd sizes", 3, 9, 17, 1, 2},
    {"as many people as a head is told of", 2, 5, 7, 2, 9},
    {"the default bundle's map", 1, 64, 48, 4, 3},
    {"the default bundle's map, a crowd", 1, 64, 48, 4, 9},
    {"the paper's map", 1, 96, 72, 4, 3},
};

struct DecodeCase {
  std::string name;
  int people, joints, height, width;
  DecodeMethod method;
};

inline const std::vector<DecodeCase> kDecodeCases = [] {
  std::vector<DecodeCase> cases;
  for (const DecodeMethod method : {DecodeMethod::quarter, DecodeMethod::dark}) {
    const std::string ending = method == DecodeMethod::dark ? ", dark" : ", quarter";
    cases.push_back({"one element" + ending, 1, 1, 1, 1, method});
    cases.push_back({"odd sizes" + ending, 2, 3, 9, 7, method});
    cases.push_back({"five joints: a group and one" + ending, 2, 5, 12, 10, method});
    cases.push_back({"the default bundle's map" + ending, 1, 15, 64, 48, method});
    cases.push_back({"the paper's map" + ending, 1, 15, 96, 72, method});
  }
  return cases;
}();

struct PeaksCase {
  std::string name;
  int people, joints, height, width;
  bool offsets = false;
};

inline const std::vector<PeaksCase> kPeaksCases = {
    {"one element", 1, 1, 1, 1},
    {"one column", 1, 3, 17, 1},
    {"odd sizes", 2, 5, 9, 7},
    {"odd sizes, offsets", 3, 5, 9, 7, true},
    {"more peaks than are wanted", 1, 6, 12, 15},
    {"the default bundle's extractor", 1, 17, 64, 48, true},
    {"the default bundle's head", 1, 15, 64, 48},
    {"the paper's map", 1, 15, 96, 72},
};

struct PoseCase {
  std::string name;
  int count, joints, height, width;
};

inline const std::vector<PoseCase> kPoseCases = {
    {"one element", 1, 1, 1, 1},
    {"odd sizes", 3, 5, 9, 7},
    {"the default bundle's map", 2, 17, 64, 48},
};

struct CropCase {
  std::string name;
  int image_width, image_height, height, width;
  std::vector<double> windows;  // [N, 4]: centre x, centre y, width, height
  bool mirrored = false;        // every other one, where they become maps
};

inline const std::vector<CropCase> kCropCases = {
    {"inside, at the border, outside, huge and empty", 13, 9, 8, 6,
     {6,   4, 5, 7, 0, 0, 6,     8,     12.5, 8.5, 20, 27, -1e300, 1e300, 3,  4,
      6,   4, 1e300, 1e300, 1e9, 4,  3, 4,    6,   4,  0,  0, 6, 4, -5, -7}},
    {"every other one mirrored", 13, 9, 8, 6,
     {6, 4, 5, 7, 6, 4, 5, 7, 0.25, 0.5, 6, 8, 12.5, 8.5, 20, 27, 6, 4, 0.75, 1, -1e300, 1e300, 3, 4}, true},
    {"one element", 1, 1, 1, 1, {0, 0, 1, 1}},
    {"an odd width, larger than the image", 5, 7, 9, 7, {2, 3, 11, 14, 2, 3, 11, 14}, true},
    {"more pixels than a block of threads has", 31, 23, 25, 19, {15.5, 11.25, 24, 32, 3, 20, 40, 53}, true},
    {"the default bundle's window", 640, 480, 256, 192, {300.5, 220.25, 150, 200}},
    {"the paper's window", 1920, 1080, 384, 288, {900.5, 500.25, 450, 600}},
    {"the paper's window, beyond the corner, mirrored", 1920, 1080, 384, 288, {1900, 20, 180, 240, 1900, 20, 180, 240}, true},
};

/// What networks do beside convolutions: one struct for all, of which each kind reads its own part.
struct LayerCase {
  enum class Kind { load, unload, sum, product, concat, resize, pool };
  std::string name;
  Kind kind;
  int batch, channels, height, width;  // of what it makes
  std::vector<int> list;               // sum: the terms' factors   concat: the sources' channels
  LayerEnd end = {};                   // sum
  int in_height = 0, in_width = 0;     // resize, pool
  bool max = false;                    // pool, and all that follows
  int kernel_height = 1, kernel_width = 1, stride = 1, pad_top = 0, pad_left = 0;
};

inline const std::vector<LayerCase> kLayerCases = [] {
  using Kind = LayerCase::Kind;
  return std::vector<LayerCase>{
      {"load, one element", Kind::load, 1, 1, 1, 1, {}},
      {"load, an image", Kind::load, 2, 3, 9, 7, {}},
      {"load, two groups of channels", Kind::load, 1, 17, 5, 3, {}},
      {"unload", Kind::unload, 2, 17, 9, 7, {}},
      {"sum of one", Kind::sum, 1, 5, 3, 2, {1}, {false, 0}},
      {"sum of a fuse layer", Kind::sum, 2, 33, 8, 16, {1, 2, 4, 8}, {false, 0}},
      {"sum, sigmoid", Kind::sum, 1, 20, 6, 5, {1, 1}, {true}},
      {"sum, bounds that leave 0 out", Kind::sum, 1, 3, 4, 4, {2, 1}, {false, 0.25f, 0.5f}},
      {"sum of more terms than one kernel takes", Kind::sum, 2, 17, 4, 6, {1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 2}, {false, -1, 1}},
      {"product", Kind::product, 2, 20, 9, 7, {}},
      {"concat, odd channels", Kind::concat, 2, 33, 5, 7, {20, 3, 10}},
      {"concat of one", Kind::concat, 1, 16, 2, 3, {16}},
      {"resize, larger", Kind::resize, 2, 20, 11, 9, {}, {}, 6, 5},
      {"resize, smaller", Kind::resize, 1, 3, 4, 3, {}, {}, 9, 8},
      {"pool, largest", Kind::pool, 2, 20, 5, 4, {}, {}, 9, 7, true, 3, 2, 2, 1, 1},
      {"pool, mean with padding", Kind::pool, 1, 17, 9, 7, {}, {}, 9, 7, false, 3, 3, 1, 1, 1},
      {"pool, a whole map", Kind::pool, 2, 33, 1, 1, {}, {}, 6, 5, false, 6, 5},
      {"the input of HRNet-W48", Kind::load, 1, 3, 384, 288, {}},
      {"the features of HRNet-W48", Kind::unload, 1, 48, 96, 72, {}},
      {"a fuse layer of HRNet-W48", Kind::sum, 1, 48, 96, 72, {1, 2, 4}, {false, 0}},
      {"an enlargement of the default bundle", Kind::resize, 1, 24, 64, 48, {}, {}, 32, 24},
      {"the default bundle's features", Kind::concat, 1, 31, 64, 48, {24, 7}},
  };
}();

struct LocateCase {
  std::string name;
  int count, joints, height, width;
};

inline const std::vector<LocateCase> kLocateCases = {
    {"one element", 1, 1, 1, 1},
    {"odd sizes", 3, 5, 9, 7},
    {"more than a group of joints", 2, 17, 8, 17},
    {"the default bundle's map", 1, 17, 64, 48},
};

/// Calls f(kernel, case) for every line.
template <class F>
void for_each_case(const F& f) {
  for (const IngestCase& test : kIngestCases) f("ingest", test);
  for (const WarpCase& test : kWarpCases) f("warp", test);
  for (const ConditionsCase& test : kConditionsCases) f("conditions", test);
  for (const ConvCase& test : kConvCases) f("conv", test);
  for (const Conv2dCase& test : kConv2dCases) f("conv2d", test);
  for (const LayerCase& test : kLayerCases) f("layers", test);
  for (const LocateCase& test : kLocateCases) f("locate", test);
  for (const DecodeCase& test : kDecodeCases) f("decode", test);
  for (const PeaksCase& test : kPeaksCases) f("peaks", test);
  for (const PoseCase& test : kPoseCases) f("pose", test);
  for (const CropCase& test : kCropCases) f("crop", test);
}

/// A case for so many people instead of its own number.
inline IngestCase for_people(IngestCase test, int people) { return test.count = people, test; }
inline ConvCase for_people(ConvCase test, int people) { return test.batch = people, test; }
inline Conv2dCase for_people(Conv2dCase test, int people) { return test.batch = people, test; }
inline LayerCase for_people(LayerCase test, int people) { return test.batch = people, test; }
inline LocateCase for_people(LocateCase test, int people) { return test.count = people, test; }
inline DecodeCase for_people(DecodeCase test, int people) { return test.people = people, test; }
inline PeaksCase for_people(PeaksCase test, int people) { return test.people = people, test; }
inline PoseCase for_people(PoseCase test, int people) { return test.count = people, test; }
inline WarpCase for_people(WarpCase test, int people) {
  return test.transforms.assign(people, WarpTransform(test.transforms[0])), test;
}
inline ConditionsCase for_people(ConditionsCase test, int people) { return test.count = people, test; }
inline CropCase for_people(CropCase test, int people) {
  const std::vector<double> window(test.windows.begin(), test.windows.begin() + 4);
  test.windows.clear();
  for (int i = 0; i < people; ++i) test.windows.insert(test.windows.end(), window.begin(), window.end());
  return test;
}

}  // namespace glpose
