// How far the outputs have collapsed: in one place (free) or on a target (forced).
#pragma once

#include <ATen/core/Tensor.h>

namespace drmguard {

/// Benign per-output statistics, in the model's units.
struct OutputScale {
  /// d.
  at::Tensor mean;
  at::Tensor variance;
};

/// Free collapse, per start: mean_j Var_B f_j(G(x)) / Var f_j(x). outputs: R×B×d → R.
at::Tensor output_variance_ratio(const at::Tensor& outputs, const OutputScale& benign);

/// Forced collapse, per start: mean_j E_B (f_j(G(x)) − t_j)² / Var f_j(x). targets: R×d → R.
at::Tensor target_distance_ratio(const at::Tensor& outputs, const at::Tensor& targets, const OutputScale& benign);

}  // namespace drmguard
