// A pattern without fine detail, added to every image: stripes, shades, blends. G(x) = clamp(x + δ, 0, 1).
#pragma once

#include "trigger/smooth_grid.h"

namespace drmguard {

class SmoothPattern : public TriggerGenerator {
 public:
  SmoothPattern(const TriggerShape& shape, const at::Device& device) : grid_(shape, shape.channels, device) {}

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override { return {grid_.points()}; }

 private:
  SmoothGrid grid_;
};

}  // namespace drmguard
