// Writes a network layer by layer as a program, its weights drawn from a seed.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "architecture/architecture.h"
#include "program/program_spec.h"

namespace drmguard {

/// A value on its way through the network.
struct Activation {
  /// Of the program's value.
  std::string name;
  /// Size of its channel axis (images) or last axis (vectors, tokens).
  int64_t channels = 0;
};

struct ConvolutionShape {
  int64_t channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t groups = 1;
  bool bias = false;
};

/// Layers are named as in torch's state dict: convolution("conv1", …) makes the parameter conv1.weight. Weights start as
/// torchvision's do for the same layers. Batch norms are in evaluation mode. Weights are drawn in the order of the
/// calls: two calls that draw never stand among one call's arguments, whose order C++ leaves open.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(uint64_t seed);

  Activation input(int64_t channels);

  // Layers with parameters.
  /// Normal with the deviation √(2 / (channels out · kernel²)) (He et al. 2015, fan out); bias 0.
  Activation convolution(const std::string& name, const Activation& input, const ConvolutionShape& shape);
  /// Momentum 0.1, ε = 1e-5; weight 1, bias 0.
  Activation batch_norm(const std::string& name, const Activation& input);
  /// torch's nn.Linear: weight and bias uniform within ±1/√(channels in).
  Activation linear(const std::string& name, const Activation& input, int64_t channels);
  /// Over the last axis, ε = 1e-6 (torchvision's vision transformer); weight 1, bias 0.
  Activation layer_norm(const std::string& name, const Activation& input);
  /// input·Wᵀ + b with parameters made by parameter().
  Activation linear_with(const std::string& weight, const std::string& bias, const Activation& input, int64_t channels);

  // Layers without.
  Activation relu(const Activation& input);
  Activation relu6(const Activation& input);
  Activation gelu(const Activation& input);
  Activation max_pool(const Activation& input, int64_t kernel, int64_t stride, int64_t padding);
  /// Mean over all places, B×C×H×W → B×C.
  Activation global_average(const Activation& input);
  Activation add(const Activation& first, const Activation& second);

  /// Any other operator; the result has the given number of channels.
  Activation call(const std::string& operator_name, std::vector<std::pair<std::string, SpecArgument>> arguments,
                  int64_t channels);

  /// A parameter under its full name in the state dict.
  std::string parameter(const std::string& name, at::Tensor value);
  at::Tensor normal(at::IntArrayRef shape, double deviation);
  /// Within ±bound.
  at::Tensor uniform(at::IntArrayRef shape, double bound);

  /// The program that answers `output`, and what in it can be trained.
  Architecture finish(const Activation& features, const Activation& output) const;

 private:
  std::string buffer(const std::string& name, at::Tensor value);
  Activation call_as(const std::string& result, const std::string& operator_name,
                     std::vector<std::pair<std::string, SpecArgument>> arguments, int64_t channels);

  at::Generator random_;
  ProgramSpec spec_;
  std::vector<std::string> parameters_;
  std::vector<std::string> buffers_;
};

/// An argument that is another value of the program.
SpecArgument value_argument(const Activation& activation);
SpecArgument integers(std::vector<int64_t> values);

}  // namespace drmguard
