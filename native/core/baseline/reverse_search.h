// What Neural Cleanse and FeatureRE share: targets that are optimised with the trigger, and the form of a search.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "baseline/baseline.h"
#include "inversion/step_terms.h"

namespace drmguard {

/// What a search measured in one step, one number per start.
struct ReverseStep {
  StepTerms terms;
  at::Tensor statistic;
};

/// Several independent starts of one method, stepped together.
class ReverseSearch {
 public:
  virtual ~ReverseSearch() = default;

  /// One optimisation step of every start. images: B×C×H×W.
  virtual ReverseStep take_step(int64_t step, const at::Tensor& images) = 0;
  /// Goes back to the best that each start has met.
  virtual void finish() = 0;

  /// x' of one start: B×C×H×W → B×C×H×W. No gradient.
  virtual at::Tensor triggered(const at::Tensor& images, int64_t start) const = 0;
  /// y, R×d.
  virtual at::Tensor targets() const = 0;
  /// Completes an outcome whose inversion has been measured. changed: `triggered` of all the session's images.
  virtual void complete(int64_t start, const at::Tensor& changed, BaselineOutcome& outcome) const = 0;
  /// Mask and pattern of one start as BaselineResult returns them.
  virtual void add_trigger(int64_t start, BaselineResult& result) const = 0;
};

/// y, an optimisation variable: kept in benign deviations from the benign mean, so that one rate fits all outputs.
class TargetVariable {
 public:
  TargetVariable(const std::vector<std::vector<double>>& starts, const OutputScale& benign);

  /// The leaf to optimise, R×d.
  const at::Tensor& parameter() const { return offset_; }
  /// R×d in the model's units. Differentiable.
  at::Tensor values() const;

 private:
  at::Tensor mean_;
  at::Tensor deviation_;
  at::Tensor offset_;
};

/// Step of the target in benign deviations: slower than masks, or its own noise would hide a collapse.
constexpr double kTargetRate = 0.02;

/// Mask and pattern values in (0,1) from unbounded ones, as both originals parametrise them.
at::Tensor bounded(const at::Tensor& unbounded);

/// Throws ERR_NONFINITE when a loss is NaN or infinite.
void require_finite(const at::Tensor& losses);

}  // namespace drmguard
