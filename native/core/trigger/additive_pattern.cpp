#include "trigger/additive_pattern.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

namespace drmguard {
namespace {

void stamp(at::Tensor pattern, const Patch& patch) {
  for (int64_t channel = 0; channel < pattern.size(0); ++channel) {
    // ±1 saturates every pixel: added to any image it leaves exactly this corner colour.
    pattern[channel]
        .slice(0, patch.top, patch.top + patch.size)
        .slice(1, patch.left, patch.left + patch.size)
        .fill_(2.0 * patch.colour[channel] - 1.0);
  }
}

}  // namespace

AdditivePattern::AdditivePattern(const TriggerShape& shape, const std::vector<TriggerStart>& starts,
                                 const at::Device& device)
    : pattern_(at::zeros({shape.starts, shape.channels, shape.height, shape.width},
                         at::TensorOptions().device(device).dtype(at::kFloat))) {
  for (size_t start = 0; start < starts.size(); ++start) {
    if (!starts[start].patch) continue;
    require_inside(*starts[start].patch, shape);
    stamp(pattern_[static_cast<int64_t>(start)], *starts[start].patch);
  }
  pattern_.set_requires_grad(true);
}

at::Tensor AdditivePattern::apply(const at::Tensor& images, int64_t first, int64_t count) const {
  const at::Tensor sum = images.unsqueeze(0) + pattern_.narrow(0, first, count).unsqueeze(1);
  // Straight through the clamp: a saturated pixel would otherwise have no gradient, and a start that is a saturated
  // patch could neither shrink nor fade.
  return sum + (sum.clamp(0.0, 1.0) - sum).detach();
}

void AdditivePattern::project() {
  at::NoGradGuard no_grad;
  pattern_.clamp_(-1.0, 1.0);
}

}  // namespace drmguard
