// RAV and RNV: how much less the features' angles and norms vary under the trigger (arXiv 2411.04811).
#pragma once

#include <ATen/core/Tensor.h>

#include "model/regression_model.h"

namespace drmguard {

/// Angles α between features and every head row, in radians, within the row's own head. features: …×F → …×d.
at::Tensor feature_angles(const at::Tensor& features, const Head& head);

/// Norms of the features that each row reads. features: …×F → …×d.
at::Tensor feature_norms(const at::Tensor& features, const Head& head);

/// Variances of the benign images' angles and norms, per output.
struct FeatureScale {
  at::Tensor angle_variance;
  at::Tensor norm_variance;
};

/// RAV_j = σ²(angle(F(G(x)), w_j)) / σ²(angle(F(x), w_j)). features: R×B×F → R×d.
at::Tensor angle_variance_ratio(const at::Tensor& features, const Head& head, const FeatureScale& benign);

/// RNV_j, the same with feature norms.
at::Tensor norm_variance_ratio(const at::Tensor& features, const Head& head, const FeatureScale& benign);

}  // namespace drmguard
