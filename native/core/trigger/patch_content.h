// A small square whose content is sought: G(x) = x outside of it, p inside (the mask + pattern of Gu et al. 2017 with the
// mask fixed). A benign model resists what so few pixels say; a model that was taught a patch does not.
#pragma once

#include "trigger/trigger_generator.h"

namespace drmguard {

class PatchContent : public TriggerGenerator {
 public:
  /// Every start needs a patch; its content begins as noise around the patch's colour. Throws ERR_CONFIG.
  PatchContent(const TriggerShape& shape, const std::vector<TriggerStart>& starts, uint64_t seed,
               const at::Device& device);

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override { return {content_}; }
  at::Tensor content(int64_t start) const override;
  void project() override;

 private:
  /// starts×C×H×W in [0,1]; read inside of the squares only.
  at::Tensor content_;
  /// starts×1×1×H×W, 1 inside of the squares.
  at::Tensor inside_;
  std::vector<Patch> squares_;
};

}  // namespace drmguard
