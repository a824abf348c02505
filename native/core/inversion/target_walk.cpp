#include "inversion/target_walk.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <algorithm>

#include "error/error.h"
#include "inversion/inversion.h"

namespace drmguard {
namespace {

/// First stride in benign deviations per step.
constexpr double kFirstStride = 0.05;
/// Share of the steps after which the targets stand still, so that the cost can settle.
constexpr double kWalkEnds = 0.7;
constexpr double kTiny = 1e-6;

/// R×d → R×1.
at::Tensor length(const at::Tensor& rows) { return rows.norm(2, {1}, /*keepdim=*/true); }

}  // namespace

TargetWalk::TargetWalk(const std::vector<InversionStart>& starts, const OutputScale& benign)
    : targets_(benign.mean.expand({static_cast<int64_t>(starts.size()), benign.mean.size(0)}).clone()),
      mean_(benign.mean),
      deviation_(benign.variance.sqrt()) {
  std::vector<double> forced;
  std::vector<double> walks;
  std::vector<double> around;
  std::vector<double> outward;
  for (size_t i = 0; i < starts.size(); ++i) {
    forced.push_back(starts[i].target ? 1.0 : 0.0);
    walks.push_back(starts[i].target && (starts[i].walk == Walk::anywhere || starts[i].walk == Walk::around_mean) ? 1.0 : 0.0);
    outward.push_back(starts[i].target && starts[i].walk == Walk::outward ? 1.0 : 0.0);
    any_outward_ = any_outward_ || outward.back() > 0.0;
    around.push_back(starts[i].walk == Walk::around_mean ? 1.0 : 0.0);
    if (!starts[i].target) continue;
    const auto& target = *starts[i].target;
    if (static_cast<int64_t>(target.size()) != benign.mean.size(0)) {
      throw Error(ErrorCode::ERR_CONFIG, "expected a target of " + std::to_string(benign.mean.size(0)) +
                                             " outputs, got " + std::to_string(target.size()));
    }
    targets_[static_cast<int64_t>(i)].copy_(at::tensor(target, targets_.options()));
  }
  forced_ = at::tensor(forced, targets_.options());
  walks_ = at::tensor(walks, targets_.options()).unsqueeze(1);
  around_ = at::tensor(around, targets_.options()).unsqueeze(1);
  outward_ = at::tensor(outward, targets_.options()).unsqueeze(1);
  distance_ = length(from_mean());
}

at::Tensor TargetWalk::from_mean() const { return (targets_ - mean_) / deviation_; }

void TargetWalk::look_outward(const at::Tensor& mean_outputs, int64_t first) {
  if (!any_outward_) return;
  const int64_t count = mean_outputs.size(0);
  at::Tensor rows = targets_.narrow(0, first, count);
  rows.copy_(at::where(outward_.narrow(0, first, count).gt(0), pushed_outward(mean_outputs, first), rows));
}

at::Tensor TargetWalk::pushed_outward(const at::Tensor& mean_outputs, int64_t first) const {
  const at::Tensor reached = (mean_outputs - mean_) / deviation_;
  const at::Tensor own = length(reached).clamp_min(kTiny);
  return mean_ + deviation_ * reached * (distance_.narrow(0, first, mean_outputs.size(0)) / own).clamp_min(1.0);
}

void TargetWalk::advance(const at::Tensor& mean_outputs, double progress) {
  const double stride = kFirstStride * std::max(0.0, 1.0 - progress / kWalkEnds);
  if (stride == 0.0) return;
  const at::Tensor residual = (mean_outputs - targets_) / deviation_;
  const at::Tensor outward = from_mean() / distance_.clamp_min(kTiny);
  const at::Tensor direction = residual - around_ * outward * (residual * outward).sum(1, /*keepdim=*/true);
  const at::Tensor moved = from_mean() + stride * direction / length(direction).clamp_min(kTiny);
  const at::Tensor kept = moved * distance_ / length(moved).clamp_min(kTiny);
  targets_ = at::where(walks_.gt(0), mean_ + deviation_ * at::where(around_.gt(0), kept, moved), targets_);
}

}  // namespace drmguard
