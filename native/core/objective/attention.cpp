#include "objective/attention.h"

#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/autograd.h>

namespace drmguard {

void MomentumAttention::update(const RegressionModel& model, const at::Tensor& images) {
  if (use_ == AttentionUse::none) return;
  const at::Tensor leaf = images.detach().clone().set_requires_grad(true);
  const at::Tensor sum = model.predict(leaf, /*with_features=*/false).outputs.sum();
  const at::Tensor gradient = torch::autograd::grad({sum}, {leaf})[0];
  const at::Tensor attention = gradient.abs().mean(at::IntArrayRef({0, 1}));
  const at::Tensor scaled = attention / attention.mean().clamp_min(1e-12);
  map_ = map_.defined() ? momentum_ * map_ + (1.0 - momentum_) * scaled : scaled;
}

at::Tensor MomentumAttention::gate() const { return map_ / map_.max().clamp_min(1e-12); }

}  // namespace drmguard
