// Reads the last linear layer's weights off a program by running it, whatever the layer is written as.
#pragma once

#include <string>
#include <vector>

#include "model/regression_model.h"

namespace drmguard {

struct HeadMeasurement {
  std::optional<Head> head;
  /// Why the split is not a linear layer after all.
  std::string reason;
};

/// The split at a value that the user named.
HeadSearch named_head(const TensorProgram& program, const std::string& feature_value);

/// Runs only what follows the features, on unit vectors, and so finds W and b of outputs = F·Wᵀ + b with all scaling
/// included; then verifies that the rest of the program is linear on random features.
HeadMeasurement measure_head(const TensorProgram& program, const HeadSplit& split, at::IntArrayRef image_shape,
                             int64_t outputs, const at::Device& device);

/// Feature values of one run as one N×F tensor.
at::Tensor joined_features(const std::vector<at::Tensor>& values, int64_t count);

}  // namespace drmguard
