#include "trigger/smooth_warp.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace drmguard {
namespace {

// ATen's numbers for mode "bilinear" and padding "border".
constexpr int64_t kBilinear = 0;
constexpr int64_t kBorder = 1;

}  // namespace

SmoothWarp::SmoothWarp(const TriggerShape& shape, const at::Device& device) {
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  const int64_t side = std::max<int64_t>(2, std::min(shape.height, shape.width) / 3);
  points_ = at::zeros({shape.starts, 2, side, side}, options).set_requires_grad(true);
  const at::Tensor x = at::linspace(-1.0, 1.0, shape.width, options).expand({shape.height, shape.width});
  const at::Tensor y = at::linspace(-1.0, 1.0, shape.height, options).unsqueeze(1).expand({shape.height, shape.width});
  places_ = at::stack({x, y}, 2);
  units_ = at::tensor(std::vector<double>{2.0 / static_cast<double>(std::max<int64_t>(1, shape.width - 1)),
                                          2.0 / static_cast<double>(std::max<int64_t>(1, shape.height - 1))},
                      options);
}

at::Tensor SmoothWarp::displacements(int64_t first, int64_t count) const {
  return at::upsample_bicubic2d(points_.narrow(0, first, count), {places_.size(0), places_.size(1)},
                                /*align_corners=*/true);
}

at::Tensor SmoothWarp::apply(const at::Tensor& images, int64_t first, int64_t count) const {
  const int64_t batch = images.size(0);
  const at::Tensor places = places_ + displacements(first, count).permute({0, 2, 3, 1}) * units_;
  const at::Tensor all_places = places.unsqueeze(1).expand({count, batch, -1, -1, -1}).flatten(0, 1);
  const at::Tensor all_images = images.unsqueeze(0).expand({count, -1, -1, -1, -1}).flatten(0, 1);
  const at::Tensor warped = at::grid_sampler_2d(all_images, all_places, kBilinear, kBorder, /*align_corners=*/true);
  // Weights of a bilinear mean need not sum to exactly 1 in float.
  return warped.clamp(0.0, 1.0).view({count, batch, images.size(1), images.size(2), images.size(3)});
}

at::Tensor SmoothWarp::own_cost(int64_t first, int64_t count) const {
  return displacements(first, count).abs().mean({1, 2, 3}) * units_.max() / 2.0;
}

}  // namespace drmguard
