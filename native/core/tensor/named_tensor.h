// Tensors by name: weights, running statistics, an attack's state, an optimiser's moments.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace drmguard {

struct NamedTensor {
  /// As torch's state dict writes it: "layer1.0.conv1.weight".
  std::string name;
  at::Tensor tensor;
};

using NamedTensors = std::vector<NamedTensor>;

}  // namespace drmguard
