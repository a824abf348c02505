// Momentum reverse trigger (MTR): where the model looks, averaged over steps. The paper's exact formula is not public;
// the two forms here are the candidates of docs/decisions/0004.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/regression_model.h"

namespace drmguard {

enum class AttentionUse {
  none,
  /// Attended pixels cost more: a weight on the perturbation.
  weight,
  /// Attended pixels move less: x' = x + (1 − M)(G(x) − x).
  gate,
};

class MomentumAttention {
 public:
  MomentumAttention(AttentionUse use, double momentum) : use_(use), momentum_(momentum) {}

  AttentionUse use() const { return use_; }

  /// M ← m·M + (1−m)·A with A = mean over images and channels of |∂ Σ_j f_j / ∂x|, scaled to mean 1.
  void update(const RegressionModel& model, const at::Tensor& images);

  /// H×W, mean 1.
  at::Tensor weights() const { return map_; }
  /// H×W in [0,1].
  at::Tensor gate() const;

 private:
  AttentionUse use_;
  double momentum_;
  at::Tensor map_;
};

}  // namespace drmguard
