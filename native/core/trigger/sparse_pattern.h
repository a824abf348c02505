// An additive pattern that pays for the pixels it touches rather than for how much it changes them: patches.
#pragma once

#include "trigger/additive_pattern.h"

namespace drmguard {

class SparsePattern : public AdditivePattern {
 public:
  using AdditivePattern::AdditivePattern;

  /// mean_p |δ_p| / (|δ_p| + s), |δ_p| the mean over channels: nearly the share of the pixels that are changed.
  at::Tensor own_cost(int64_t first, int64_t count) const override;
};

}  // namespace drmguard
