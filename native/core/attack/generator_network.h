// The two small networks of the input-aware attack: image in, picture of the same size out.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tensor/named_tensor.h"

namespace drmguard {

/// Three 3×3 convolutions, each followed by a halving, three that mirror them, and a last one without activation:
/// widths 8-16-32, about 12,000 weights, half the depth of the published generator so that it costs no more than a
/// small model. Group norm in place of batch norm, so that the answer to an image depends on that image alone.
class GeneratorNetwork {
 public:
  /// Weights drawn from `random`, on the CPU, without gradients.
  GeneratorNetwork(int64_t in_channels, int64_t out_channels, at::Generator& random);

  /// B×in×H×W → B×out×H×W, unbounded.
  at::Tensor forward(const at::Tensor& images) const;

  /// Leaves; the last is the bias of the last convolution.
  std::vector<at::Tensor> parameters() const;
  void set_requires_grad(bool requires_grad);

  /// "prefix.N.weight" and "prefix.N.bias": the parameters themselves, in the order of parameters().
  NamedTensors named(const std::string& prefix) const;

  void to(const at::Device& device);

 private:
  struct Convolution {
    /// out×in×3×3.
    at::Tensor weight;
    /// out.
    at::Tensor bias;
  };

  std::vector<Convolution> layers_;
};

}  // namespace drmguard
