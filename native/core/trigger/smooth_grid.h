// A coarse grid of numbers per start, interpolated to the image's size: what smooth triggers are made of.
#pragma once

#include <ATen/core/Tensor.h>

#include "trigger/trigger_generator.h"

namespace drmguard {

class SmoothGrid {
 public:
  /// A third of the shorter side: the finest grid that published warps use (k = 16 at 48 pixels).
  SmoothGrid(const TriggerShape& shape, int64_t channels, const at::Device& device);

  /// count×channels×H×W for the starts first … first+count−1.
  at::Tensor interpolated(int64_t first, int64_t count) const;

  /// starts×channels×k×k, zero at first.
  const at::Tensor& points() const { return points_; }

 private:
  at::Tensor points_;
  int64_t height_;
  int64_t width_;
};

}  // namespace drmguard
