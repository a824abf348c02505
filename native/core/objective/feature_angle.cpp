#include "objective/feature_angle.h"

#include <ATen/TensorOperators.h>

namespace drmguard {
namespace {

/// Keeps arccos away from ±1, where its gradient is infinite, and quotients away from 0/0.
constexpr double kCosineLimit = 1.0 - 1e-6;
constexpr double kSmallest = 1e-12;

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
  return feature_angles(features, head).var(1, /*unbiased=*/true) / benign.angle_variance.clamp_min(kSmallest);
}

at::Tensor norm_variance_ratio(const at::Tensor& features, const Head& head, const FeatureScale& benign) {
  return feature_norms(features, head).var(1, /*unbiased=*/true) / benign.norm_variance.clamp_min(kSmallest);
}

}  // namespace drmguard
