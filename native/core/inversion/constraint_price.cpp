#include "inversion/constraint_price.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <cmath>

namespace drmguard {
namespace {

/// Prices end between 0.002 and 0.2 on the models measured; one step changes them by at most 3 %.
constexpr double kFirstPrice = 0.02;
constexpr double kRate = 0.03;
constexpr double kSmoothing = 0.9;

}  // namespace

ConstraintPrice::ConstraintPrice(int64_t starts, double tolerance, const at::Device& device)
    : tolerance_(tolerance),
      log_price_(at::full({starts}, std::log(kFirstPrice), at::TensorOptions().device(device).dtype(at::kFloat))) {}

void ConstraintPrice::update(const at::Tensor& collapse) {
  average_ = average_.defined() ? kSmoothing * average_ + (1.0 - kSmoothing) * collapse : collapse.clone();
  const at::Tensor excess = (average_ / tolerance_).clamp_min(1e-6).log().clamp(-1.0, 1.0);
  // Bounded where float32 still has room: a target that cannot be reached would raise the price for ever.
  log_price_ = (log_price_ + kRate * excess).clamp(-20.0, 20.0);
}

}  // namespace drmguard
