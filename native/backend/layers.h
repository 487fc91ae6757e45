#pragma once
#include <memory>

#include "kernels/conv2d/conv2d.h"
#include "kernels/crop/crop.h"
#include "kernels/for_this_cpu.h"
#include "kernels/layers/layers.h"
#include "kernels/locate/locate.h"
#include "kernels/pose/pose.h"

namespace glpose {

/// The kernels that networks are made of, on one backend: arguments as in kernels/conv2d, kernels/crop, kernels/layers, kernels/locate and kernels/pose,
/// queued in order like the backend's own.
class Layers {
 public:
  virtual ~Layers() = default;
  /// Brings a convolution's weights into the form that `conv2d` wants.
  virtual std::unique_ptr<PreparedConv2d> prepare(const Conv2dWeights& weights) = 0;
  virtual void load(const LoadArgs& args) = 0;
  virtual void crop(const CropMapsArgs& args) = 0;
  virtual void unload(const UnloadArgs& args) = 0;
  virtual void conv2d(const Conv2dArgs& args) = 0;
  virtual void sum(const SumArgs& args) = 0;
  virtual void product(const ProductArgs& args) = 0;
  virtual void concat(const ConcatArgs& args) = 0;
  virtual void resize(const ResizeArgs& args) = 0;
  virtual void pool(const PoolArgs& args) = 0;
  virtual void locate(const LocateArgs& args) = 0;
  virtual void pose(const PoseArgs& args) = 0;
};

/// @param isa one that this processor has
std::unique_ptr<Layers> make_cpu_layers(Isa isa);

}  // namespace glpose
