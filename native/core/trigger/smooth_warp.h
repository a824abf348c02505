// A smooth field of displacements: every pixel is fetched from a place nearby (WaNet's family, Nguyen & Tran 2021).
#pragma once

#include "trigger/trigger_generator.h"

namespace drmguard {

class SmoothWarp : public TriggerGenerator {
 public:
  SmoothWarp(const TriggerShape& shape, const at::Device& device);

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override { return {points_}; }
  /// Mean displacement along an axis as a share of the image's shorter side, so that it is of the size of a change of
  /// colours. A cost in colours would not see what is moved within flat parts of an image.
  at::Tensor own_cost(int64_t first, int64_t count) const override;

 private:
  /// count×2×H×W, in pixels.
  at::Tensor displacements(int64_t first, int64_t count) const;

  /// starts×2×k×k, (x, y) in pixels, interpolated to the image's size. k is a third of the shorter side: the finest grid
  /// that published warps use (16 at 48 pixels).
  at::Tensor points_;
  /// H×W×2 in [−1,1]: the identity.
  at::Tensor places_;
  /// From pixels to the units of places_, per axis.
  at::Tensor units_;
};

}  // namespace drmguard
