// What one optimisation step measured, per start.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace drmguard {

struct StepTerms {
  at::Tensor loss;
  at::Tensor cost;
  at::Tensor collapse;
  /// Undefined without a head.
  at::Tensor rav;
  /// R×d.
  at::Tensor output_mean;

  StepTerms detached() const;
  /// Joins the terms of consecutive starts.
  static StepTerms join(const std::vector<StepTerms>& parts);
};

}  // namespace drmguard
