// What stamped images make of a model's outputs, beside the same images unstamped.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace drmguard {

struct Reading {
  /// mean_j Var f_j(stamped) / Var f_j(benign).
  double variance_ratio = 0.0;
  /// Root mean square over outputs of the mean shift, in benign deviations.
  double shift = 0.0;
  /// mean_j Var(f_j(stamped) − f_j(benign)), in benign deviations.
  double shift_variance = 0.0;
};

/// outputs: R×B×d of R stamps, benign: B×d, deviation: d over all benign images. R readings.
std::vector<Reading> read_outputs(const at::Tensor& outputs, const at::Tensor& benign, const at::Tensor& deviation);

}  // namespace drmguard
