#include "baseline/reverse_search.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "error/error.h"

namespace drmguard {

TargetVariable::TargetVariable(const std::vector<std::vector<double>>& starts, const OutputScale& benign)
    : mean_(benign.mean), deviation_(benign.variance.sqrt()) {
  std::vector<at::Tensor> rows;
  for (const std::vector<double>& start : starts) {
    rows.push_back(at::tensor(start, at::TensorOptions().dtype(at::kFloat)).to(mean_.device()));
  }
  offset_ = ((at::stack(rows) - mean_) / deviation_).set_requires_grad(true);
}

at::Tensor TargetVariable::values() const { return mean_ + offset_ * deviation_; }

at::Tensor bounded(const at::Tensor& unbounded) { return unbounded.tanh() / 2.0 + 0.5; }

void require_finite(const at::Tensor& losses) {
  if (!at::isfinite(losses).all().item<bool>()) {
    throw Error(ErrorCode::ERR_NONFINITE, "the loss became NaN or infinite");
  }
}

}  // namespace drmguard
