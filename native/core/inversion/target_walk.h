// Targets that walk: at the optimum the residual E f(G(x)) − t points to cheaper targets (envelope theorem, design §3).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "objective/collapse.h"

namespace drmguard {

struct InversionStart;

class TargetWalk {
 public:
  TargetWalk(const std::vector<InversionStart>& starts, const OutputScale& benign);

  /// R×d; rows of free starts hold the benign mean and are not read.
  const at::Tensor& targets() const { return targets_; }
  /// R, 1 where a target is forced.
  const at::Tensor& forced() const { return forced_; }

  /// Puts the targets that walk outward where the outputs are, but no nearer to the benign mean than they began.
  /// mean_outputs: rows × d, of the starts from `first` on.
  void look_outward(const at::Tensor& mean_outputs, int64_t first);
  /// Those targets, rows × d.
  at::Tensor pushed_outward(const at::Tensor& mean_outputs, int64_t first) const;
  /// t ← t + s·residual/‖residual‖ in benign deviations, with s falling to zero at 70 % of the steps; around the mean,
  /// without the residual's part along the radius, and back to the distance of the start.
  /// mean_outputs: R×d over the step's batch.
  void advance(const at::Tensor& mean_outputs, double progress);

 private:
  /// R×d, in benign deviations.
  at::Tensor from_mean() const;

  at::Tensor targets_;
  at::Tensor forced_;
  at::Tensor walks_;
  /// R, 1 where a target stays as far from the mean as it began.
  at::Tensor around_;
  /// R, 1 where a target goes with the outputs.
  at::Tensor outward_;
  bool any_outward_ = false;
  at::Tensor mean_;
  /// R×1, in benign deviations.
  at::Tensor distance_;
  at::Tensor deviation_;
};

}  // namespace drmguard
