// FeatureRE's terms on a batch, and the mixed value that it ranks by. Every tensor holds one number per start.
#pragma once

#include <ATen/core/Tensor.h>

#include "baseline/baseline.h"

namespace drmguard {

/// m⊙a(G(x)) + (1 − m)⊙a(x'), with x' other benign images. features: R×B×F, reference: B×F, mask: R×F → R×B×F.
at::Tensor blended_features(const at::Tensor& features, const at::Tensor& reference, const at::Tensor& mask);

/// Deviation over the batch of the masked features, over that of benign ones: Σ m_k·σ_k / Σ m_k·σ_k(benign).
/// features: R×B×F, mask: R×F, benign: F → R.
at::Tensor masked_deviation(const at::Tensor& features, const at::Tensor& mask, const at::Tensor& benign);

/// Share of outputs within kSuccessRadius of the target. outputs: R×B×d, targets: R×d → R.
at::Tensor success_share(const at::Tensor& outputs, const at::Tensor& targets, const at::Tensor& variance);

struct FeatureTerms {
  at::Tensor similarity;
  at::Tensor success;
  at::Tensor distance;
  at::Tensor pixel_change;
  at::Tensor deviation;
  /// Sum of the mask.
  at::Tensor mask_size;

  FeatureTerms detached() const;
  static FeatureTerms join(const std::vector<FeatureTerms>& parts);
  /// Mean over steps.
  static FeatureTerms mean(const std::vector<FeatureTerms>& steps);
};

/// By how much a value lies above its bound, as a share of the bound; 0 below it.
at::Tensor excess(const at::Tensor& value, double bound);

/// similarity − success + the excesses of pixel change, deviation and mask size. Smaller is more suspicious.
at::Tensor mixed_value(const FeatureTerms& terms, const FeatureReverseSettings& settings, int64_t features);

}  // namespace drmguard
