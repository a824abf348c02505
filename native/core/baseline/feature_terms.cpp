#include "baseline/feature_terms.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

namespace drmguard {
namespace {

using Term = at::Tensor FeatureTerms::*;
constexpr Term kTerms[] = {&FeatureTerms::similarity,   &FeatureTerms::success,   &FeatureTerms::distance,
                           &FeatureTerms::pixel_change, &FeatureTerms::deviation, &FeatureTerms::mask_size};

std::vector<at::Tensor> column(const std::vector<FeatureTerms>& rows, Term term) {
  std::vector<at::Tensor> values;
  for (const FeatureTerms& row : rows) values.push_back(row.*term);
  return values;
}

}  // namespace

at::Tensor blended_features(const at::Tensor& features, const at::Tensor& reference, const at::Tensor& mask) {
  const at::Tensor share = mask.unsqueeze(1);
  return share * features + (1.0 - share) * reference.unsqueeze(0);
}

at::Tensor masked_deviation(const at::Tensor& features, const at::Tensor& mask, const at::Tensor& benign) {
  // The square root of a variance has no slope at 0, where a feature that never fires lies.
  const at::Tensor deviation = (features.var(1, /*unbiased=*/true) + 1e-12).sqrt();
  return (mask * deviation).sum(1) / (mask * benign).sum(1).clamp_min(1e-12);
}

at::Tensor success_share(const at::Tensor& outputs, const at::Tensor& targets, const at::Tensor& variance) {
  const at::Tensor distance = ((outputs - targets.unsqueeze(1)).square() / variance).mean(2);
  return distance.le(kSuccessRadius * kSuccessRadius).to(at::kFloat).mean(1);
}

FeatureTerms FeatureTerms::detached() const {
  FeatureTerms result;
  for (Term term : kTerms) result.*term = (this->*term).detach();
  return result;
}

FeatureTerms FeatureTerms::join(const std::vector<FeatureTerms>& parts) {
  FeatureTerms result;
  for (Term term : kTerms) result.*term = at::cat(column(parts, term));
  return result;
}

FeatureTerms FeatureTerms::mean(const std::vector<FeatureTerms>& steps) {
  FeatureTerms result;
  for (Term term : kTerms) result.*term = at::stack(column(steps, term)).mean(0);
  return result;
}

at::Tensor excess(const at::Tensor& value, double bound) { return (value - bound).clamp_min(0.0) / bound; }

at::Tensor mixed_value(const FeatureTerms& terms, const FeatureReverseSettings& settings, int64_t features) {
  return terms.similarity - terms.success + excess(terms.pixel_change, settings.pixel_bound) +
         excess(terms.deviation, settings.deviation_bound) +
         excess(terms.mask_size, settings.mask_bound * static_cast<double>(features));
}

}  // namespace drmguard
