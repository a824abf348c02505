// The price of a trigger: mean |G(x) − x|.
#pragma once

#include <ATen/core/Tensor.h>

namespace drmguard {

/// Mean absolute change per pixel and channel, per start. triggered: R×B×C×H×W, images: B×C×H×W → R.
at::Tensor mean_l1(const at::Tensor& triggered, const at::Tensor& images);

/// The same with a weight per pixel (H×W, mean 1).
at::Tensor weighted_l1(const at::Tensor& triggered, const at::Tensor& images, const at::Tensor& weights);

}  // namespace drmguard
