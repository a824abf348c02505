#include "trigger/smooth_grid.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace drmguard {

SmoothGrid::SmoothGrid(const TriggerShape& shape, int64_t channels, const at::Device& device)
    : height_(shape.height), width_(shape.width) {
  const int64_t side = std::max<int64_t>(2, std::min(shape.height, shape.width) / 3);
  points_ = at::zeros({shape.starts, channels, side, side}, at::TensorOptions().device(device).dtype(at::kFloat));
  points_.set_requires_grad(true);
}

at::Tensor SmoothGrid::interpolated(int64_t first, int64_t count) const {
  return at::upsample_bicubic2d(points_.narrow(0, first, count), {height_, width_}, /*align_corners=*/true);
}

}  // namespace drmguard
