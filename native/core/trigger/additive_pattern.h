// One pattern added to every image: G(x) = clamp(x + δ, 0, 1).
#pragma once

#include "trigger/trigger_generator.h"

namespace drmguard {

class AdditivePattern : public TriggerGenerator {
 public:
  AdditivePattern(const TriggerShape& shape, const std::vector<TriggerStart>& starts, const at::Device& device);

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override { return {pattern_}; }
  void project() override;

 private:
  /// starts×C×H×W, δ in [−1, 1].
  at::Tensor pattern_;
};

}  // namespace drmguard
