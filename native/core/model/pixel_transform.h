// From an image in [0,1], RGB, to a model's input.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace drmguard {

/// Reorder channels, times `scale`, minus `mean`, over `deviation` (per channel in the model's order, or one for all).
struct PixelTransform {
  bool bgr = false;
  double scale = 1.0;
  std::vector<double> mean{0.0};
  std::vector<double> deviation{1.0};

  /// images: N×C×H×W in [0,1]. Differentiable.
  at::Tensor apply(const at::Tensor& images) const;
};

}  // namespace drmguard
