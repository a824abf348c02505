#include "objective/collapse.h"

#include <ATen/TensorOperators.h>

namespace drmguard {

at::Tensor output_variance_ratio(const at::Tensor& outputs, const OutputScale& benign) {
  return (outputs.var(1, /*unbiased=*/true) / benign.variance).mean(1);
}

at::Tensor target_distance_ratio(const at::Tensor& outputs, const at::Tensor& targets, const OutputScale& benign) {
  return ((outputs - targets.unsqueeze(1)).square().mean(1) / benign.variance).mean(1);
}

}  // namespace drmguard
