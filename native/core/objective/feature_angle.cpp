#include "objective/feature_angle.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

namespace drmguard {
namespace {

/// Keeps arccos away from ±1, where its gradient is infinite, and quotients away from 0/0.
constexpr double kCosineLimit = 1.0 - 1e-6;
constexpr double kSmallest = 1e-12;

/// Variance under the trigger over benign variance; 1, no news, where there is no benign variance to lose (a head that
/// reads a single feature has one angle only).
at::Tensor variance_ratio(const at::Tensor& triggered, const at::Tensor& benign) {
  const at::Tensor ratio = triggered / benign.clamp_min(kSmallest);
  return at::where(benign.gt(1e-10).expand_as(ratio), ratio, at::ones_like(ratio));
}

}  // namespace

at::Tensor feature_norms(const at::Tensor& features, const Head& head) {
  return features.square().matmul(head.support.t()).clamp_min(kSmallest).sqrt();
}

at::Tensor feature_angles(const at::Tensor& features, const Head& head) {
  const at::Tensor products = features.matmul(head.weight.t());
  const at::Tensor row_norms = head.weight.square().sum(1).clamp_min(kSmallest).sqrt();
  const at::Tensor cosines = products / (feature_norms(features, head) * row_norms);
  return cosines.clamp(-kCosineLimit, kCosineLimit).acos();
}

at::Tensor angle_variance_ratio(const at::Tensor& features, const Head& head, const FeatureScale& benign) {
  return variance_ratio(feature_angles(features, head).var(1, /*unbiased=*/true), benign.angle_variance);
}

at::Tensor norm_variance_ratio(const at::Tensor& features, const Head& head, const FeatureScale& benign) {
  return variance_ratio(feature_norms(features, head).var(1, /*unbiased=*/true), benign.norm_variance);
}

}  // namespace drmguard
