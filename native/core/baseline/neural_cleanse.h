// Neural Cleanse (Wang et al., S&P 2019) for regression: a mask and a pattern, the target optimised with them.
#pragma once

#include <torch/optim/adam.h>

#include <optional>
#include <vector>

#include "baseline/cost_schedule.h"
#include "baseline/reverse_search.h"

namespace drmguard {

/// x' = (1 − m)⊙x + m⊙p for every start. images: B×C×H×W, mask: R×H×W, pattern: R×C×H×W → R×B×C×H×W.
at::Tensor stamped(const at::Tensor& images, const at::Tensor& mask, const at::Tensor& pattern);

class NeuralCleanse : public ReverseSearch {
 public:
  NeuralCleanse(const Session& session, const BaselinePlan& plan, const CancelFlag& cancelled);

  ReverseStep take_step(int64_t step, const at::Tensor& images) override;
  void finish() override;
  at::Tensor triggered(const at::Tensor& images, int64_t start) const override;
  at::Tensor targets() const override;
  void complete(int64_t start, const at::Tensor& changed, BaselineOutcome& outcome) const override;
  void add_trigger(int64_t start, BaselineResult& result) const override;

 private:
  StepTerms backward(const at::Tensor& images, int64_t first, int64_t count);
  /// Remembers every start whose mask is its smallest successful one so far, and moves the schedule on.
  void judge_success(const at::Tensor& collapse, const at::Tensor& shares);
  std::vector<at::Tensor> parameters() const { return {mask_, pattern_, target_.parameter()}; }

  const Session& session_;
  const CancelFlag& cancelled_;
  NeuralCleanseSettings settings_;
  int64_t starts_;
  /// Unbounded: R×H×W and R×C×H×W.
  at::Tensor mask_;
  at::Tensor pattern_;
  TargetVariable target_;
  std::optional<torch::optim::Adam> optimiser_;
  CostSchedule schedule_;
  /// Exponential moving average of the collapse per start.
  std::vector<double> average_;
  /// Smallest successful share per start; infinite before the first success.
  std::vector<double> smallest_;
  /// The parameters that gave it.
  std::vector<at::Tensor> kept_;
};

}  // namespace drmguard
